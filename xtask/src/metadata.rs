//! Microsoft's metadata: every documented function with its DLL, signature, failure convention and header.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use windows_metadata::reader::{File, HasAttributes, Index, Item, MethodDef, TypeCategory, TypeDef};
use windows_metadata::{PInvokeAttributes, Type, TypeName, Value};

/// How a function returns, as far as that tells failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returns {
    /// Nothing.
    Nothing,
    /// BOOL or BOOLEAN.
    Bool,
    /// A pointer or a handle.
    Pointer,
    /// HRESULT.
    HResult,
    /// NTSTATUS.
    NtStatus,
    /// WIN32_ERROR and the like.
    Win32,
    /// Any other number.
    Number,
}

/// What the metadata says of a function.
#[derive(Clone, Debug)]
pub struct Function {
    /// How many parameters it has.
    pub parameters: usize,
    /// The bytes that they take on an x86 stack.
    pub stack: usize,
    /// How it returns.
    pub returns: Returns,
    /// It sets the last error.
    pub last_error: bool,
    /// It cleans up its own arguments on x86; cdecl functions leave that to the caller.
    pub cleans_up: bool,
    /// The header, as documentation addresses name it.
    pub header: Option<String>,
}

/// Every function, by `dll!name` with the DLL in lower case.
pub type Functions = BTreeMap<String, Function>;

/// The folder of the crate that carries the metadata.
fn folder() -> Result<PathBuf> {
    let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(crate::command::root())
        .output()?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists packages")?;
    let carrier = packages.iter().find(|package| package["name"] == "windows-bindgen").context("windows-bindgen carries the metadata")?;
    let manifest = PathBuf::from(carrier["manifest_path"].as_str().context("a package has a manifest")?);
    Ok(manifest.with_file_name("default"))
}

/// Reads the functions of x86, whose stack says most; other architectures differ in pointers alone.
pub fn read() -> Result<Functions> {
    const X86: i32 = 1;
    let folder = folder()?;
    let files = ["Windows.Win32.winmd", "Windows.Wdk.winmd"].map(|name| File::read(folder.join(name)));
    let files = files.into_iter().map(|file| file.context("the metadata could not be read")).collect::<Result<Vec<_>>>()?;
    let index = Index::new_for_architecture(files, X86);
    let mut functions = Functions::new();
    for (_, _, item) in index.iter_items() {
        let Item::Fn(method) = item else { continue };
        let Some(map) = method.impl_map() else { continue };
        let dll = map.import_scope().name().to_ascii_lowercase();
        functions.entry(format!("{dll}!{}", map.import_name())).or_insert_with(|| function(&index, method, map.flags()));
    }
    Ok(functions)
}

fn function(index: &Index, method: MethodDef<'_>, flags: PInvokeAttributes) -> Function {
    let signature = method.signature(&[]);
    let stack = signature.types.iter().map(|kind| size(index, kind, 0).0.next_multiple_of(4)).sum();
    let documentation = method.find_attribute("DocumentationAttribute").map(|attribute| attribute.value());
    let address = documentation.and_then(|values| match values.into_iter().next() {
        Some((_, Value::Utf8(address))) => Some(address),
        _ => None,
    });
    // https://learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-createfilew
    let header = address.and_then(|address| address.split("/api/").nth(1)?.split('/').next().map(str::to_owned));
    Function {
        parameters: signature.types.len(),
        stack,
        returns: returns(index, &signature.return_type),
        last_error: flags.contains(PInvokeAttributes::SupportsLastError),
        cleans_up: !flags.contains(PInvokeAttributes::CallConvCdecl),
        header,
    }
}

fn returns(index: &Index, kind: &Type) -> Returns {
    match kind {
        Type::Void => Returns::Nothing,
        Type::PtrMut(..) | Type::PtrConst(..) | Type::ClassName(_) => Returns::Pointer,
        Type::Bool => Returns::Bool,
        Type::ValueName(name) => match name.name.as_str() {
            "BOOL" | "BOOLEAN" => Returns::Bool,
            "HRESULT" => Returns::HResult,
            "NTSTATUS" => Returns::NtStatus,
            "WIN32_ERROR" | "LSTATUS" => Returns::Win32,
            _ => match definition(index, name) {
                // A handle is a structure of one pointer.
                Some(definition) if definition.category() == TypeCategory::Struct => match single_field(definition) {
                    Some(Type::PtrMut(..) | Type::PtrConst(..) | Type::ISize | Type::USize) => Returns::Pointer,
                    _ => Returns::Number,
                },
                Some(definition) if definition.category() == TypeCategory::Delegate => Returns::Pointer,
                _ => Returns::Number,
            },
        },
        _ => Returns::Number,
    }
}

fn definition<'a>(index: &'a Index, name: &TypeName) -> Option<TypeDef<'a>> {
    index.get(&name.namespace, &name.name).next()
}

fn single_field(definition: TypeDef<'_>) -> Option<Type> {
    let mut fields = definition.fields().map(|field| field.ty());
    let first = fields.next()?;
    fields.next().is_none().then_some(first)
}

/// Size and alignment on x86, in bytes.
fn size(index: &Index, kind: &Type, depth: usize) -> (usize, usize) {
    match kind {
        Type::Bool | Type::I8 | Type::U8 => (1, 1),
        Type::Char | Type::I16 | Type::U16 => (2, 2),
        Type::I64 | Type::U64 | Type::F64 => (8, 8),
        Type::ArrayFixed(kind, count) => {
            let (bytes, alignment) = size(index, kind, depth + 1);
            (bytes * count, alignment)
        }
        Type::ValueName(name) if depth < 16 => definition(index, name).map_or((4, 4), |definition| size_of_value(index, definition, depth + 1)),
        _ => (4, 4),
    }
}

fn size_of_value(index: &Index, definition: TypeDef<'_>, depth: usize) -> (usize, usize) {
    let fields = || definition.fields().filter(|field| field.constant().is_none()).map(|field| size(index, &field.ty(), depth));
    if definition.category() != TypeCategory::Struct {
        return fields().next().unwrap_or((4, 4));
    }
    let packing = definition.class_layout().map(|layout| usize::from(layout.packing_size())).filter(|packing| *packing > 0).unwrap_or(usize::MAX);
    let is_union = definition.flags().contains(windows_metadata::TypeAttributes::ExplicitLayout);
    let (mut end, mut alignment) = (0_usize, 1);
    for (bytes, align) in fields() {
        let align = align.min(packing);
        alignment = alignment.max(align);
        end = if is_union { end.max(bytes) } else { end.next_multiple_of(align) + bytes };
    }
    (end.next_multiple_of(alignment).max(1), alignment)
}

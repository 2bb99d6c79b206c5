//! Exports whose first instructions are not the compiler's: they count, or put variable arguments into memory.
//!
//! The code gets a name of its own and is exported under the function's, so that it never meets a symbol that the compiler
//! calls itself (`memcpy`, `strlen`).

/// Counts a call and jumps to the function, or to a symbol of the DLL.
pub fn jump(export: &str, name: &str, symbol: Option<&str>, ix: u16, slot: u32) -> String {
    let counter = format!("counter = const ::guest::row::counter({slot}),");
    let target = |prefix: &str| match symbol {
        Some(symbol) => (format!("\"jmp {prefix}{symbol}\","), String::new()),
        None => ("\"jmp {function}\",".to_owned(), format!("function = sym {name},")),
    };
    let (jump, operand) = target("");
    let wide = format!("\".globl shim_{ix}\", \".p2align 4\", \"shim_{ix}: inc qword ptr gs:[{{counter}}]\", {jump} {counter} {operand}");
    let (jump, operand) = target("_");
    let narrow = format!(
        "\".globl _shim_{ix}\", \".p2align 4\", \"_shim_{ix}: add dword ptr fs:[{{counter}}], 1\",
        \"adc dword ptr fs:[{{counter}} + 4], 0\", {jump} {counter} {operand}"
    );
    assembly(export, ix, &wide, &narrow)
}

/// Puts the arguments that follow `fixed` others into memory and calls the function with their address.
pub fn variadic(export: &str, name: &str, ix: u16, fixed: usize) -> Result<String, String> {
    if fixed > 5 {
        return Err(format!("shim: {name} has more than 5 parameters before the variable ones"));
    }
    // The caller's home space holds the arguments that came in registers, right before those on the stack.
    const FRAME: usize = 56;
    let first = FRAME + 8 + 8 * fixed;
    let mut wide = format!("\".globl shim_{ix}\", \".p2align 4\", \".seh_proc shim_{ix}\", \"shim_{ix}:\",");
    for (index, register) in ["rcx", "rdx", "r8", "r9"].iter().enumerate() {
        wide += &format!("\"mov [rsp + {}], {register}\",", 8 + 8 * index);
    }
    wide += &format!("\"sub rsp, {FRAME}\", \".seh_stackalloc {FRAME}\", \".seh_endprologue\",");
    for index in 4..fixed {
        wide += &format!("\"mov rax, [rsp + {}]\", \"mov [rsp + {}], rax\",", FRAME + 8 + 8 * index, 8 * index);
    }
    wide += &match ["rcx", "rdx", "r8", "r9"].get(fixed) {
        Some(register) => format!("\"lea {register}, [rsp + {first}]\","),
        None => format!("\"lea rax, [rsp + {first}]\", \"mov [rsp + {}], rax\",", 8 * fixed),
    };
    wide += &format!("\"call {{function}}\", \"add rsp, {FRAME}\", \"ret\", \".seh_endproc\", function = sym {name},");

    let mut narrow = format!("\".globl _shim_{ix}\", \".p2align 4\", \"_shim_{ix}: lea eax, [esp + {}]\", \"push eax\",", 4 + 4 * fixed);
    for _ in 0..fixed {
        narrow += &format!("\"push dword ptr [esp + {}]\",", 4 + 4 * fixed);
    }
    narrow += &format!("\"call {{function}}\", \"add esp, {}\", \"ret\", function = sym {name},", 4 + 4 * fixed);
    Ok(assembly(export, ix, &wide, &narrow))
}

/// The code and its export. A static in the linker's section has no symbol that `#[used]` could ask for, so it is assembly too.
fn assembly(export: &str, ix: u16, wide: &str, narrow: &str) -> String {
    [("x86_64", "", wide), ("x86", "_", narrow)]
        .iter()
        .map(|(architecture, prefix, code)| {
            // The linker takes one underscore off the name of an x86 export, but not off a C++ name.
            let kept = if export.starts_with('?') { "" } else { prefix };
            let directive = format!(" /export:{kept}{export}={prefix}shim_{ix} ");
            let section = [".section .drectve,\"yn\"".to_owned(), format!(".ascii {directive:?}"), ".text".to_owned()];
            let section: String = section.iter().map(|line| format!("{line:?}, ")).collect();
            format!(
                "#[cfg(all(target_os = \"windows\", target_arch = \"{architecture}\"))]
                ::core::arch::global_asm!({section} {code});"
            )
        })
        .collect()
}

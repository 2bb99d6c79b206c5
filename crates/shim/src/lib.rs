//! `#[shim(ix = N, mapping = "..", risk = Kind(".."))]`: makes an ordinary function an export that is counted, follows
//! its return type's failure convention, and stands in the catalog. What it expands to calls `guest::call`.
//!
//! The global slot of the function's counter is looked up in the ledger, which this crate carries.

mod entry;
mod ledger;
mod parse;

use parse::{Declaration, Entry, Function};
use proc_macro::{TokenStream, TokenTree};

/// Declares a function of the DLL that the crate is named after.
///
/// `ix` is the function's permanent number in the DLL's ledger, `mapping` says what it stands on, `risk` is `Wrong`,
/// `Functional` or `Isolation` with the worst case of a bug. `export = "name"` sets an export name that is not the
/// function's own.
///
/// A source file that several DLLs are built with names them: `ix = { msvcrt: 7, ucrtbase: 12 }`; in the others the
/// function is an ordinary one. `entry = variadic` is for functions with variable arguments, to which the last parameter
/// points; `entry = jump` for naked ones, and for names that the compiler calls itself, whose
/// `symbol` then is the DLL's own.
#[proc_macro_attribute]
pub fn shim(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand(attribute, item.clone()).unwrap_or_else(|message| {
        let error: TokenStream = format!("::core::compile_error!({message:?});").parse().expect("a string literal is a token");
        [error, item].into_iter().collect()
    })
}

fn expand(attribute: TokenStream, item: TokenStream) -> Result<TokenStream, String> {
    let declaration = Declaration::parse(attribute)?;
    let dll = std::env::var("CARGO_PKG_NAME").map_err(|_| "cargo names the DLL by CARGO_PKG_NAME")?;
    let ix = declaration.ix.iter().find(|(face, _)| face.as_ref().is_none_or(|face| *face == dll)).map(|(_, ix)| *ix);
    let whole: Vec<TokenTree> = item.clone().into_iter().collect();
    let function = Function::parse(item)?;
    let Function { attributes, head, name, parameters, arguments, output, body, .. } = &function;
    let Some(ix) = ix else {
        if declaration.entry == Entry::Jump {
            return Ok(["#[allow(dead_code)]".parse().map_err(|error| format!("shim: {error:?}"))?, whole.into_iter().collect::<TokenStream>()]
                .into_iter()
                .collect());
        }
        return parse(
            name,
            &format!(
                "{attributes}
                #[allow(dead_code)]
                {head} fn {name}({parameters}) -> <{output} as ::guest::call::Outcome>::Raw {{
                    #[inline(always)]
                    unsafe fn body({parameters}) -> {output} {body}
                    ::guest::call::Outcome::raw(unsafe {{ body({arguments}) }}).0
                }}"
            ),
        );
    };
    let export = declaration.export.as_deref().unwrap_or(name);
    let slot = ledger::slot(&dll, export, ix)?;
    let row = row(&declaration, &function, export, ix);
    let counted = format!(
        "{head} fn {name}({parameters}) -> <{output} as ::guest::call::Outcome>::Raw {{
            #[inline(always)]
            unsafe fn body({parameters}) -> {output} {body}
            ::guest::call::enter::<{slot}>();
            ::guest::call::leave::<{slot}, {output}>(unsafe {{ body({arguments}) }})
        }}"
    );
    let text = match declaration.entry {
        Entry::Plain => format!("{row} {attributes} #[cfg_attr(target_os = \"windows\", unsafe(export_name = {export:?}))] {counted}"),
        Entry::Jump => {
            let symbol = declaration.symbol.as_deref();
            let dead = if symbol.is_some() { "#[allow(dead_code)]" } else { "" };
            format!("{row} {} {dead} {}", entry::jump(export, name, symbol, ix, slot), whole.into_iter().collect::<TokenStream>())
        }
        Entry::Variadic => format!("{row} {} {attributes} {counted}", entry::variadic(export, name, ix, function.types.len() - 1)?),
    };
    parse(name, &text)
}

/// The function's row in the DLL.
fn row(declaration: &Declaration, function: &Function, export: &str, ix: u16) -> String {
    let Declaration { mapping, risk_kind, risk, .. } = declaration;
    let Function { types, output, .. } = function;
    let count = types.len();
    let stack = types.iter().map(|kind| format!(" + ::guest::row::stack_bytes::<{kind}>()")).collect::<String>();
    let text = format!("{export}\0{mapping}\0{risk_kind}\0{risk}");
    format!(
        "#[cfg(target_os = \"windows\")]
        const _: () = {{
            const TEXT: &str = {text:?};
            #[used]
            #[unsafe(link_section = \".shims\")]
            static ROW: ::guest::row::Row<{{ ::guest::row::padded(TEXT.len()) }}> = ::guest::row::Row::function(
                {ix}, <{output} as ::guest::call::Outcome>::KIND, {count}, 0{stack}, TEXT);
        }};"
    )
}

fn parse(name: &str, text: &str) -> Result<TokenStream, String> {
    text.parse().map_err(|error| format!("shim: {name}: {error:?}"))
}

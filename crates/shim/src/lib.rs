//! `#[shim(ix = N, mapping = "..", risk = Kind(".."))]`: makes an ordinary function an export that is counted, follows
//! its return type's failure convention, and stands in the catalog. What it expands to calls `guest::call`.
//!
//! The global slot of the function's counter is looked up in the ledger, which this crate carries.

mod ledger;
mod parse;

use parse::{Declaration, Function};
use proc_macro::TokenStream;

/// Declares a function of the DLL that the crate is named after.
///
/// `ix` is the function's permanent number in the DLL's ledger, `mapping` says what it stands on, `risk` is `Wrong`,
/// `Functional` or `Isolation` with the worst case of a bug. `export = "name"` sets an export name that is not the
/// function's own.
#[proc_macro_attribute]
pub fn shim(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand(attribute, item.clone()).unwrap_or_else(|message| {
        let error: TokenStream = format!("::core::compile_error!({message:?});").parse().expect("a string literal is a token");
        [error, item].into_iter().collect()
    })
}

fn expand(attribute: TokenStream, item: TokenStream) -> Result<TokenStream, String> {
    let declaration = Declaration::parse(attribute)?;
    let function = Function::parse(item)?;
    let dll = std::env::var("CARGO_PKG_NAME").map_err(|_| "cargo names the DLL by CARGO_PKG_NAME")?;
    let export = declaration.export.as_deref().unwrap_or(&function.name);
    let slot = ledger::slot(&dll, export, declaration.ix)?;
    let Function { attributes, head, name, parameters, types, arguments, output, body } = &function;
    let Declaration { ix, mapping, risk_kind, risk, .. } = &declaration;
    let count = types.len();
    let stack = types.iter().map(|kind| format!(" + ::guest::row::stack_bytes::<{kind}>()")).collect::<String>();
    let text = format!("{export}\0{mapping}\0{risk_kind}\0{risk}");
    format!(
        "{attributes}
        #[cfg_attr(target_os = \"windows\", unsafe(export_name = {export:?}))]
        {head} fn {name}({parameters}) -> <{output} as ::guest::call::Outcome>::Raw {{
            #[inline(always)]
            unsafe fn body({parameters}) -> {output} {body}
            #[cfg(target_os = \"windows\")]
            const _: () = {{
                const TEXT: &str = {text:?};
                #[used]
                #[unsafe(link_section = \".shims\")]
                static ROW: ::guest::row::Row<{{ ::guest::row::padded(TEXT.len()) }}> = ::guest::row::Row::function(
                    {ix}, <{output} as ::guest::call::Outcome>::KIND, {count}, 0{stack}, TEXT);
            }};
            ::guest::call::enter::<{slot}>();
            ::guest::call::leave::<{slot}, {output}>(unsafe {{ body({arguments}) }})
        }}"
    )
    .parse()
    .map_err(|error| format!("shim: {name}: {error:?}"))
}

//! Reads the attribute and the function under it, token by token.

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

/// How callers get into the function.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Straight.
    Plain,
    /// Through code that counts and jumps: for functions that are no ordinary ones, and for names that the compiler calls itself.
    Jump,
    /// Through code that puts variable arguments into memory; the last parameter points to them.
    Variadic,
}

/// What the attribute says.
pub struct Declaration {
    /// The function's number in each DLL that exports it; one without a name is the crate's.
    pub ix: Vec<(Option<String>, u16)>,
    pub entry: Entry,
    /// The symbol that `entry = jump` leads to, where it is not the function itself.
    pub symbol: Option<String>,
    pub mapping: String,
    pub risk_kind: String,
    pub risk: String,
    pub export: Option<String>,
}

impl Declaration {
    pub fn parse(attribute: TokenStream) -> Result<Self, String> {
        let (mut ix, mut mapping, mut risk, mut export, mut entry, mut symbol) = (Vec::new(), None, None, None, Entry::Plain, None);
        let mut tokens = attribute.into_iter();
        while let Some(key) = tokens.next() {
            let key = key.to_string();
            tokens.next().filter(|token| token.to_string() == "=").ok_or_else(|| format!("shim: `{key}` wants `= value`"))?;
            let value = tokens.next().ok_or_else(|| format!("shim: `{key}` has no value"))?;
            match key.as_str() {
                "ix" => ix = numbers(value)?,
                "entry" => {
                    entry = match value.to_string().as_str() {
                        "jump" => Entry::Jump,
                        "variadic" => Entry::Variadic,
                        other => return Err(format!("shim: the entry is jump or variadic, not {other}")),
                    }
                }
                "mapping" => mapping = Some(text(&value)?),
                "export" => export = Some(text(&value)?),
                "symbol" => symbol = Some(text(&value)?),
                "risk" => {
                    let Some(TokenTree::Group(group)) = tokens.next() else { return Err("shim: risk wants Kind(\"worst case\")".into()) };
                    let worst = group.stream().into_iter().next().ok_or("shim: the risk names no worst case")?;
                    risk = Some((value.to_string(), text(&worst)?));
                }
                _ => return Err(format!("shim: unknown key `{key}`")),
            }
            tokens.next();
        }
        let (risk_kind, risk) = risk.ok_or("shim: risk = Kind(\"worst case\") is missing")?;
        if !["Wrong", "Functional", "Isolation"].contains(&risk_kind.as_str()) {
            return Err(format!("shim: the risk is Wrong, Functional or Isolation, not {risk_kind}"));
        }
        if ix.is_empty() {
            return Err("shim: ix = NUMBER is missing".into());
        }
        Ok(Self { ix, entry, symbol, mapping: mapping.ok_or("shim: mapping = \"..\" is missing")?, risk_kind, risk, export })
    }
}

/// `7`, or `{ msvcrt: 7, ucrtbase: 12 }` for a function that several DLLs are built with.
fn numbers(value: TokenTree) -> Result<Vec<(Option<String>, u16)>, String> {
    let number = |token: &TokenTree| token.to_string().parse().map_err(|_| format!("shim: the number {token} wants `cargo xtask ledger`"));
    let TokenTree::Group(group) = value else { return Ok(vec![(None, number(&value)?)]) };
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    tokens
        .split(|token| token.to_string() == ",")
        .filter(|part| !part.is_empty())
        .map(|part| match part {
            [dll, _colon, value] => Ok((Some(dll.to_string()), number(value)?)),
            _ => Err("shim: ix = { dll: NUMBER, .. }".to_owned()),
        })
        .collect()
}

/// The parts of the function that the expansion puts together again.
pub struct Function {
    pub attributes: String,
    pub head: String,
    pub name: String,
    pub parameters: String,
    pub types: Vec<String>,
    pub arguments: String,
    pub output: String,
    pub body: Group,
}

impl Function {
    pub fn parse(item: TokenStream) -> Result<Self, String> {
        let mut tokens = item.into_iter().peekable();
        let (mut attributes, mut head) = (Vec::new(), Vec::new());
        loop {
            match tokens.next().ok_or("shim: this is no function")? {
                TokenTree::Punct(hash) if hash.as_char() == '#' => {
                    attributes.push(TokenTree::Punct(hash));
                    attributes.extend(tokens.next());
                }
                TokenTree::Ident(word) if word.to_string() == "fn" => break,
                token => head.push(token),
            }
        }
        let name = tokens.next().ok_or("shim: the function has no name")?.to_string();
        let Some(TokenTree::Group(list)) = tokens.next() else { return Err(format!("shim: {name} has generics")) };
        let (types, arguments) = parameters(list.stream())?;
        let mut output: Vec<TokenTree> = tokens.collect();
        let Some(TokenTree::Group(body)) =
            output.pop().filter(|token| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace))
        else {
            return Err(format!("shim: {name} has no body"));
        };
        let output = if output.is_empty() { "()".into() } else { collect(&output[2..]) };
        Ok(Self {
            attributes: collect(&attributes),
            head: collect(&head),
            name,
            parameters: list.stream().to_string(),
            types,
            arguments,
            output,
            body,
        })
    }
}

/// The parameters' types, and their names as an argument list.
fn parameters(list: TokenStream) -> Result<(Vec<String>, String), String> {
    let (mut types, mut arguments) = (Vec::new(), String::new());
    let mut tokens = list.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let name = match token {
            TokenTree::Ident(word) if word.to_string() == "mut" => tokens.next().ok_or("shim: a parameter has no name")?,
            token => token,
        };
        tokens.next().filter(|token| token.to_string() == ":").ok_or_else(|| format!("shim: parameter `{name}` wants a plain name"))?;
        let (mut kind, mut depth) = (Vec::new(), 0);
        for token in tokens.by_ref() {
            match token.to_string().as_str() {
                "<" => depth += 1,
                ">" if kind.last().is_none_or(|last: &TokenTree| last.to_string() != "-") => depth -= 1,
                "," if depth == 0 => break,
                _ => {}
            }
            kind.push(token);
        }
        types.push(collect(&kind));
        arguments += &format!("{name}, ");
    }
    Ok((types, arguments))
}

fn collect(tokens: &[TokenTree]) -> String {
    tokens.iter().cloned().collect::<TokenStream>().to_string()
}

/// The value of a string literal.
fn text(token: &TokenTree) -> Result<String, String> {
    let literal = token.to_string();
    let inner = literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(|| format!("shim: {literal} is no string"))?;
    Ok(inner.replace("\\\"", "\"").replace("\\\\", "\\"))
}

//! The operations of a pickle (CPython's pickletools, protocols 0 to 5): what follows each and what it does to the stack.
use super::source::Stream;

/// What a value on the stack is known to be.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    Text(String),
    Mark,
    Other,
}

/// What an operation does, as far as it matters here.
pub enum Act {
    Push(Value),
    /// Takes this number of values and leaves one.
    Combine(usize),
    Mark,
    /// Takes everything down to the mark, and this number more; leaves one value if `true`.
    ToMark(usize, bool),
    Pop,
    Dup,
    Get(u64),
    Put(u64),
    Memoize,
    /// GLOBAL, INST: names in the operation itself. The number: see ToMark.
    Import(String, String, bool),
    /// Names from the stack.
    ImportFromStack,
    Extension,
    /// Calls what is below its arguments.
    Call(usize),
    CallMark,
    Stop,
    Nothing,
}

/// The longest text that can name a module or function, or a number.
const NAME: usize = 1024;

fn text(bytes: Option<Vec<u8>>) -> Option<Value> {
    Some(match String::from_utf8(bytes?) {
        Ok(text) => Value::Text(text),
        Err(_) => Value::Other,
    })
}

fn counted(stream: &mut Stream, bytes: usize, is_text: bool) -> Option<Act> {
    let size = stream.number(bytes)?;
    if !is_text || size > NAME as u64 {
        return stream.skip(size).then_some(Act::Push(Value::Other));
    }
    Some(Act::Push(text(stream.take(size, NAME))?))
}

fn line(stream: &mut Stream) -> Option<String> {
    String::from_utf8(stream.line(1 << 20)?).ok()
}

/// Without the quotes of a protocol-0 string, whose escapes a name does not have.
fn quoted(stream: &mut Stream) -> Option<Act> {
    let line = line(stream)?;
    let inner = line.trim_matches(|c| c == '\'' || c == '"');
    Some(Act::Push(if inner.contains('\\') { Value::Other } else { Value::Text(inner.to_string()) }))
}

fn import(stream: &mut Stream, marked: bool) -> Option<Act> {
    let (module, name) = (line(stream)?, line(stream)?);
    Some(Act::Import(module, name, marked))
}

/// The next operation. None: the bytes are not a pickle, or end.
pub fn next(stream: &mut Stream) -> Option<Act> {
    use Act::*;
    let other = || Some(Push(Value::Other));
    match stream.byte()? {
        b'(' => Some(Mark),
        b'.' => Some(Stop),
        b'0' => Some(Pop),
        b'1' => Some(ToMark(0, false)),
        b'2' => Some(Dup),
        b'F' | b'I' | b'L' | b'P' => line(stream).and_then(|_| other()),
        b'J' => stream.skip(4).then(other).flatten(),
        b'K' => stream.skip(1).then(other).flatten(),
        b'M' => stream.skip(2).then(other).flatten(),
        b'N' | b'}' | b']' | b')' | 0x88 | 0x89 | 0x8f | 0x97 => other(),
        b'G' => stream.skip(8).then(other).flatten(),
        b'Q' => Some(Combine(1)),
        b'R' => Some(Call(1)),
        0x81 => Some(Call(1)),
        0x92 => Some(Call(2)),
        b'S' => quoted(stream),
        b'T' => counted(stream, 4, true),
        b'U' => counted(stream, 1, true),
        b'V' => Some(Push(Value::Text(line(stream)?))),
        b'X' => counted(stream, 4, true),
        0x8c => counted(stream, 1, true),
        0x8d => counted(stream, 8, true),
        b'B' | 0x8b => counted(stream, 4, false),
        b'C' | 0x8a => counted(stream, 1, false),
        0x8e | 0x96 => counted(stream, 8, false),
        b'a' | b'b' => Some(Combine(2)),
        b's' => Some(Combine(3)),
        b'e' | b'u' | 0x90 => Some(ToMark(1, true)),
        b'd' | b'l' | b't' | 0x91 => Some(ToMark(0, true)),
        b'c' => import(stream, false),
        b'i' => import(stream, true),
        b'o' => Some(CallMark),
        0x93 => Some(ImportFromStack),
        b'g' => Some(Get(line(stream)?.trim().parse().ok()?)),
        b'h' => Some(Get(stream.number(1)?)),
        b'j' => Some(Get(stream.number(4)?)),
        b'p' => Some(Put(line(stream)?.trim().parse().ok()?)),
        b'q' => Some(Put(stream.number(1)?)),
        b'r' => Some(Put(stream.number(4)?)),
        0x94 => Some(Memoize),
        0x80 => (stream.byte()? <= 5).then_some(Nothing),
        0x82 => stream.skip(1).then_some(Extension),
        0x83 => stream.skip(2).then_some(Extension),
        0x84 => stream.skip(4).then_some(Extension),
        0x85 => Some(Combine(1)),
        0x86 => Some(Combine(2)),
        0x87 => Some(Combine(3)),
        0x95 => stream.skip(8).then_some(Nothing),
        0x98 => Some(Combine(1)),
        _ => None,
    }
}

//! What went wrong, as the C++ side wants it: code, message, file, row and column.

use serde_json::{json, Value as Json};

#[derive(Debug, Clone, Default)]
pub struct Fault {
    pub code: &'static str,
    pub message: String,
    pub file: String,
    pub row: u32,
    pub column: u32,
    pub hint: String,
    pub warning: bool,
    pub needs_opa: bool,
}

impl Fault {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Fault { code, message: message.into(), ..Fault::default() }
    }

    /// regorus puts the place into the text: "\n--> FILE:ROW:COL\n … \nerror: MESSAGE".
    pub fn from_engine(code: &'static str, error: &anyhow::Error) -> Self {
        let whole = format!("{error:#}");
        let mut fault = Fault::new(code, whole.trim());
        if let Some(start) = whole.find("--> ") {
            let line = whole[start + 4..].lines().next().unwrap_or("");
            let mut pieces = line.rsplitn(3, ':');
            let column = pieces.next().and_then(|p| p.trim().parse().ok());
            let row = pieces.next().and_then(|p| p.trim().parse().ok());
            if let (Some(column), Some(row), Some(file)) = (column, row, pieces.next()) {
                (fault.column, fault.row, fault.file) = (column, row, file.to_string());
            }
            if let Some(at) = whole.find("\nerror: ") {
                let message = &whole[at + 8..];
                fault.message = message.split("\n--> ").next().unwrap_or(message).trim().to_string();
            }
        }
        // regorus knows no token to name here, and calls a query a file.
        if fault.message.ends_with("expecting") {
            fault.message.push_str(" the end of the expression");
        }
        if fault.file == "<query.rego>" {
            fault.file.clear();
        }
        if fault.message.contains("used before definition") {
            fault.hint =
                "a variable that has the name of a rule, or is declared after its use: rename or move it".to_string();
        }
        if fault.message.contains("execution exceeded") || fault.message.contains("time limit") {
            fault.code = "timeout";
        }
        fault
    }

    pub fn to_json(&self) -> Json {
        json!({"code": self.code, "message": self.message, "file": self.file, "row": self.row, "column": self.column,
               "hint": self.hint, "warning": self.warning, "needs_opa": self.needs_opa})
    }
}

impl From<anyhow::Error> for Fault {
    fn from(error: anyhow::Error) -> Self {
        Fault::from_engine("eval_error", &error)
    }
}

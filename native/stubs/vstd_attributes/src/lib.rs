//! The attributes of the Verus verifier, which leave what they mark as it is.

use proc_macro::TokenStream;

#[proc_macro_attribute]
pub fn verus_verify(_options: TokenStream, item: TokenStream) -> TokenStream {
    item
}

#[proc_macro_attribute]
pub fn verus_spec(_specification: TokenStream, item: TokenStream) -> TokenStream {
    item
}

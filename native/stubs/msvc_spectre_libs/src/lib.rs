//! The real one chooses libraries of Microsoft's linker, which this program is not built with.
#![no_std]

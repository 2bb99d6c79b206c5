//! Importing from other system DLLs.

/// Declares functions of another DLL: `imports! { "ntdll" { fn NtClose(handle: HANDLE) -> NTSTATUS; } }`.
#[macro_export]
macro_rules! imports {
    ($($dll:literal { $( fn $name:ident ( $($argument:ident : $kind:ty),* $(,)? ) $(-> $output:ty)?; )* })*) => { $(
        #[cfg_attr(all(target_os = "windows", target_arch = "x86"), link(name = $dll, kind = "raw-dylib", import_name_type = "undecorated"))]
        #[cfg_attr(all(target_os = "windows", not(target_arch = "x86")), link(name = $dll, kind = "raw-dylib"))]
        #[allow(missing_docs, clashing_extern_declarations, reason = "the declarations are Windows' own")]
        unsafe extern "system" {
            $( pub fn $name($($argument: $kind),*) $(-> $output)?; )*
        }
    )* };
}

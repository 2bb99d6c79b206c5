# What a linker takes from Microsoft's start-up library: the TLS directory, stack probes, a table of types.
.intel_syntax noprefix
.section .tls,"dw"
_tls_start: .quad 0
.section .tls$ZZZ,"dw"
_tls_end: .quad 0
.section .CRT$XLA,"dr"
xl_a: .quad 0
.section .CRT$XLZ,"dr"
xl_z: .quad 0
.data
.globl _tls_index
_tls_index: .long 0
.section .rdata$T,"dr"
.globl _tls_used
.p2align 3
_tls_used:
.quad _tls_start
.quad _tls_end
.quad _tls_index
.quad xl_a+8
.long 0
.long 0
.text
.globl __chkstk
__chkstk:
push rcx
push rax
cmp rax, 0x1000
lea rcx, [rsp+24]
jb 1f
2: sub rcx, 0x1000
test [rcx], rcx
sub rax, 0x1000
cmp rax, 0x1000
ja 2b
1: sub rcx, rax
test [rcx], rcx
pop rax
pop rcx
ret
.data
.globl "??_7type_info@@6B@"
"??_7type_info@@6B@": .quad 0

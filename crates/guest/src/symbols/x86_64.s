// rcx, rdx, r8 are the arguments; rax, rcx, rdx, r8 to r11 and xmm0 to xmm5 may change. No frame, so no unwind data.
.text
.globl memcpy
.globl memmove
.p2align 5
memcpy:
memmove:
    mov rax, rcx
    cmp r8, 16
    jb 20f
    cmp r8, 32
    ja 10f
    movups xmm0, [rdx]
    movups xmm1, [rdx + r8 - 16]
    movups [rcx], xmm0
    movups [rcx + r8 - 16], xmm1
    ret
10: cmp r8, 64
    ja 11f
    movups xmm0, [rdx]
    movups xmm1, [rdx + 16]
    movups xmm2, [rdx + r8 - 32]
    movups xmm3, [rdx + r8 - 16]
    movups [rcx], xmm0
    movups [rcx + 16], xmm1
    movups [rcx + r8 - 32], xmm2
    movups [rcx + r8 - 16], xmm3
    ret
11: mov r9, rcx
    sub r9, rdx
    cmp r9, r8
    jb 14f
    // Forwards. The tail is read before anything is written.
    movups xmm4, [rdx + r8 - 32]
    movups xmm5, [rdx + r8 - 16]
    lea r10, [rcx + r8 - 32]
    .p2align 4
12: movups xmm0, [rdx]
    movups xmm1, [rdx + 16]
    movups xmm2, [rdx + 32]
    movups xmm3, [rdx + 48]
    movups [rcx], xmm0
    movups [rcx + 16], xmm1
    movups [rcx + 32], xmm2
    movups [rcx + 48], xmm3
    add rdx, 64
    add rcx, 64
    sub r8, 64
    cmp r8, 64
    ja 12b
    cmp r8, 32
    jbe 13f
    movups xmm0, [rdx]
    movups xmm1, [rdx + 16]
    movups [rcx], xmm0
    movups [rcx + 16], xmm1
13: movups [r10], xmm4
    movups [r10 + 16], xmm5
    ret
    // Backwards. The head is read before anything is written.
14: movups xmm4, [rdx]
    movups xmm5, [rdx + 16]
    .p2align 4
15: movups xmm0, [rdx + r8 - 16]
    movups xmm1, [rdx + r8 - 32]
    movups xmm2, [rdx + r8 - 48]
    movups xmm3, [rdx + r8 - 64]
    movups [rcx + r8 - 16], xmm0
    movups [rcx + r8 - 32], xmm1
    movups [rcx + r8 - 48], xmm2
    movups [rcx + r8 - 64], xmm3
    sub r8, 64
    cmp r8, 64
    ja 15b
    cmp r8, 32
    jbe 16f
    movups xmm0, [rdx + r8 - 16]
    movups xmm1, [rdx + r8 - 32]
    movups [rcx + r8 - 16], xmm0
    movups [rcx + r8 - 32], xmm1
16: movups [rax], xmm4
    movups [rax + 16], xmm5
    ret
20: cmp r8, 8
    jb 21f
    mov r9, [rdx]
    mov r10, [rdx + r8 - 8]
    mov [rcx], r9
    mov [rcx + r8 - 8], r10
    ret
21: cmp r8, 4
    jb 22f
    mov r9d, [rdx]
    mov r10d, [rdx + r8 - 4]
    mov [rcx], r9d
    mov [rcx + r8 - 4], r10d
    ret
22: test r8, r8
    je 23f
    movzx r9d, byte ptr [rdx]
    movzx r10d, byte ptr [rdx + r8 - 1]
    mov r11, r8
    shr r11, 1
    movzx edx, byte ptr [rdx + r11]
    mov [rcx], r9b
    mov [rcx + r11], dl
    mov [rcx + r8 - 1], r10b
23: ret

.globl memset
.p2align 5
memset:
    mov rax, rcx
    movzx edx, dl
    mov r9, 0x0101010101010101
    imul rdx, r9
    cmp r8, 16
    jb 32f
    movq xmm0, rdx
    punpcklqdq xmm0, xmm0
    lea r10, [rcx + r8 - 16]
    cmp r8, 64
    jbe 31f
    lea r9, [rcx + r8 - 64]
    .p2align 4
30: movups [rcx], xmm0
    movups [rcx + 16], xmm0
    movups [rcx + 32], xmm0
    movups [rcx + 48], xmm0
    add rcx, 64
    cmp rcx, r9
    jb 30b
    movups [r9], xmm0
    movups [r9 + 16], xmm0
    movups [r9 + 32], xmm0
    movups [r9 + 48], xmm0
    ret
31: movups [rcx], xmm0
    movups [r10], xmm0
    cmp r8, 32
    jbe 35f
    movups [rcx + 16], xmm0
    movups [r10 - 16], xmm0
    ret
32: cmp r8, 8
    jb 33f
    mov [rcx], rdx
    mov [rcx + r8 - 8], rdx
    ret
33: cmp r8, 4
    jb 34f
    mov [rcx], edx
    mov [rcx + r8 - 4], edx
    ret
34: test r8, r8
    je 35f
    mov [rcx], dl
    mov [rcx + r8 - 1], dl
    shr r8, 1
    mov [rcx + r8], dl
35: ret

.globl memcmp
.p2align 5
memcmp:
    cmp r8, 8
    jb 42f
    lea r9, [r8 - 8]
    xor r8d, r8d
40: mov rax, [rcx + r8]
    mov r10, [rdx + r8]
    cmp rax, r10
    jne 41f
    cmp r8, r9
    je 44f
    add r8, 8
    cmp r8, r9
    jbe 40b
    mov r8, r9
    jmp 40b
41: bswap rax
    bswap r10
    cmp rax, r10
    sbb eax, eax
    or eax, 1
    ret
42: xor r9d, r9d
43: cmp r9, r8
    je 44f
    movzx eax, byte ptr [rcx + r9]
    movzx r10d, byte ptr [rdx + r9]
    inc r9
    sub eax, r10d
    je 43b
    ret
44: xor eax, eax
    ret

.globl strlen
.p2align 4
strlen:
    mov rax, rcx
50: cmp byte ptr [rax], 0
    je 51f
    inc rax
    jmp 50b
51: sub rax, rcx
    ret

// The stack probe: touches each page of a large frame in order; rax is its size and must survive.
.globl __chkstk
.p2align 4
__chkstk:
    push rcx
    push rax
    lea rcx, [rsp + 24]
60: cmp rax, 0x1000
    jb 61f
    sub rcx, 0x1000
    test [rcx], rcx
    sub rax, 0x1000
    jmp 60b
61: sub rcx, rax
    test [rcx], rcx
    pop rax
    pop rcx
    ret

// Rust's own frames are never unwound into: the personality routine says so.
.globl __CxxFrameHandler3
__CxxFrameHandler3:
    mov eax, 1
    ret

.data
.globl _fltused
_fltused: .long 0x9875

// cdecl: arguments on the stack; eax, ecx, edx and xmm0 to xmm7 may change.
.text
.globl _memcpy
.globl _memmove
.p2align 5
_memcpy:
_memmove:
    push esi
    push edi
    mov eax, [esp + 12]
    mov esi, [esp + 16]
    mov ecx, [esp + 20]
    mov edi, eax
    mov edx, eax
    sub edx, esi
    cmp edx, ecx
    jb 14f
    cmp ecx, 32
    jb 13f
    // Forwards. The tail is read before anything is written.
    movups xmm4, [esi + ecx - 32]
    movups xmm5, [esi + ecx - 16]
    lea edx, [edi + ecx - 32]
12: movups xmm0, [esi]
    movups xmm1, [esi + 16]
    movups [edi], xmm0
    movups [edi + 16], xmm1
    add esi, 32
    add edi, 32
    sub ecx, 32
    cmp ecx, 32
    jae 12b
    movups [edx], xmm4
    movups [edx + 16], xmm5
    jmp 19f
13: mov edx, ecx
    shr ecx, 2
    rep movsd
    mov ecx, edx
    and ecx, 3
    rep movsb
    jmp 19f
    // Backwards. The head is read before anything is written.
14: cmp ecx, 32
    jb 16f
    movups xmm4, [esi]
    movups xmm5, [esi + 16]
15: movups xmm0, [esi + ecx - 16]
    movups xmm1, [esi + ecx - 32]
    movups [edi + ecx - 16], xmm0
    movups [edi + ecx - 32], xmm1
    sub ecx, 32
    cmp ecx, 32
    jae 15b
    movups [eax], xmm4
    movups [eax + 16], xmm5
    jmp 19f
16: test ecx, ecx
    je 19f
17: mov dl, [esi + ecx - 1]
    mov [edi + ecx - 1], dl
    dec ecx
    jne 17b
19: pop edi
    pop esi
    ret

.globl _memset
.p2align 5
_memset:
    push edi
    mov edi, [esp + 8]
    movzx eax, byte ptr [esp + 12]
    mov ecx, [esp + 16]
    imul eax, eax, 0x01010101
    cmp ecx, 32
    jb 31f
    movd xmm0, eax
    pshufd xmm0, xmm0, 0
    lea edx, [edi + ecx - 32]
30: movups [edi], xmm0
    movups [edi + 16], xmm0
    add edi, 32
    cmp edi, edx
    jb 30b
    movups [edx], xmm0
    movups [edx + 16], xmm0
    jmp 32f
31: mov edx, ecx
    shr ecx, 2
    rep stosd
    mov ecx, edx
    and ecx, 3
    rep stosb
32: mov eax, [esp + 8]
    pop edi
    ret

.globl _memcmp
.p2align 4
_memcmp:
    push esi
    push edi
    mov esi, [esp + 12]
    mov edi, [esp + 16]
    mov ecx, [esp + 20]
    xor eax, eax
40: test ecx, ecx
    je 41f
    movzx eax, byte ptr [esi]
    movzx edx, byte ptr [edi]
    inc esi
    inc edi
    dec ecx
    sub eax, edx
    je 40b
41: pop edi
    pop esi
    ret

.globl _strlen
.p2align 4
_strlen:
    mov ecx, [esp + 4]
    mov eax, ecx
50: cmp byte ptr [eax], 0
    je 51f
    inc eax
    jmp 50b
51: sub eax, ecx
    ret

// The stack probe: touches each page of a large frame in order, and makes the frame; eax is its size.
.globl __chkstk
.p2align 4
__chkstk:
    push ecx
    lea ecx, [esp + 8]
60: cmp eax, 0x1000
    jb 61f
    sub ecx, 0x1000
    test [ecx], ecx
    sub eax, 0x1000
    jmp 60b
61: sub ecx, eax
    test [ecx], ecx
    mov eax, esp
    mov esp, ecx
    mov ecx, [eax]
    mov eax, [eax + 4]
    push eax
    ret

// Rust's own frames are never unwound into: the personality routine says so.
.globl ___CxxFrameHandler3
___CxxFrameHandler3:
    mov eax, 1
    ret

.data
.globl __fltused
__fltused: .long 0x9875

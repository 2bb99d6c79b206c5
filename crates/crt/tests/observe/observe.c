// Shows what a Windows C runtime answers for rows like those of ../data, to compare with this crate's answers: Wine's, or Windows' own.
//
//   x86_64-w64-mingw32-gcc -O1 -o observe.exe observe.c
//   wine observe.exe printf ../data/printf.tsv
//
// The first argument is the kind of row: printf, scanf, strtod, strtof, strtol, wcstol, strftime, asctime, splitpath or makepath. Each row is
// printed as its number, msvcrt.dll's answer and ucrtbase.dll's answer, between tabs; an h behind an errno stands for the invalid parameter handler.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <errno.h>
#include <windows.h>

typedef unsigned long long u64;
enum { MSVCRT, UCRT };
static HMODULE dll[2];
static FILE *out;
static int invalid;

static void *function(int which, const char *name) { return (void *)GetProcAddress(dll[which], name); }
static void __cdecl handler(const wchar_t *a, const wchar_t *b, const wchar_t *c, unsigned d, uintptr_t e) { invalid = 1; }
static int *error_of(int which) { return ((int *(*)(void))function(which, "_errno"))(); }

// Decodes the escapes of a field into 16-bit units.
static int decode(const char *in, const char *end, unsigned short *text) {
    int n = 0;
    while (in < end) {
        if (*in != '\\') { text[n++] = (unsigned char)*in++; continue; }
        in++;
        char c = *in++;
        int digits = c == 'x' ? 2 : c == 'u' ? 4 : 0;
        if (digits) {
            char hex[5] = {0};
            memcpy(hex, in, digits);
            in += digits;
            text[n++] = (unsigned short)strtoul(hex, 0, 16);
        } else text[n++] = c == 'n' ? '\n' : c == 't' ? '\t' : c == 's' ? ' ' : c == '0' ? 0 : c == 'r' ? '\r' : c;
    }
    text[n] = 0;
    return n;
}

static void narrow(const unsigned short *text, int n, char *bytes) { for (int i = 0; i <= n; i++) bytes[i] = (char)text[i]; }

static void show_unit(unsigned c) {
    if (c == '\\') fprintf(out, "\\\\");
    else if (c == '\n') fprintf(out, "\\n");
    else if (c == '\t') fprintf(out, "\\t");
    else if (c == '\r') fprintf(out, "\\r");
    else if (c >= 32 && c < 127) fputc(c, out);
    else if (c < 256) fprintf(out, "\\x%02x", c);
    else fprintf(out, "\\u%04x", c);
}

static int fields(char *line, char **field, int max) {
    int n = 0;
    line[strcspn(line, "\r\n")] = 0;
    for (;;) {
        field[n++] = line;
        line = strchr(line, '\t');
        if (!line || n == max) return n;
        *line++ = 0;
    }
}

// Arguments: i:int q:int64 f:double b:double as bits s:narrow w:wide p:pointer z:ANSI_STRING Z:UNICODE_STRING 0:NULL
typedef struct { u64 slot[40]; char *next; char pool[65536]; } Arguments;

static void *take(Arguments *a, size_t size) { void *p = a->next; a->next += (size + 15) & ~15u; return p; }

static void arguments(Arguments *a, char *list) {
    int n = 0;
    a->next = a->pool;
    for (char *word = strtok(list, " "); word; word = strtok(0, " ")) {
        char *value = word + 2;
        unsigned short *text = take(a, 2 * strlen(value) + 2);
        int length = decode(value, value + strlen(value), text);
        char *bytes = take(a, length + 1);
        narrow(text, length, bytes);
        switch (word[0]) {
        case 'i': a->slot[n++] = (unsigned)strtoll(value, 0, 0) | 0xdeadbeef00000000ull; break;
        case 'q': a->slot[n++] = value[0] == '-' ? (u64)strtoll(value, 0, 0) : strtoull(value, 0, 0); break;
        case 'p': case 'b': a->slot[n++] = strtoull(value, 0, 16); break;
        case 'f': { double d = strtod(value, 0); memcpy(&a->slot[n++], &d, 8); break; }
        case 's': a->slot[n++] = (u64)bytes; break;
        case 'w': a->slot[n++] = (u64)text; break;
        case '0': a->slot[n++] = 0; break;
        case 'z': case 'Z': {
            struct { unsigned short length, size; void *buffer; } *string = take(a, 16);
            int wide = word[0] == 'Z';
            string->length = string->size = length << wide;
            string->buffer = wide ? (void *)text : bytes;
            a->slot[n++] = (u64)string;
        } }
    }
}

typedef int (*Plain)(void *, size_t, const void *, va_list);
typedef int (*Common)(u64, void *, size_t, const void *, void *, va_list);

static void print(int which, int wide, int positional, u64 options, const void *format, Arguments *a) {
    static unsigned short buffer[20000];
    va_list list = (va_list)a->slot;
    memset(buffer, 0, sizeof buffer);
    invalid = 0;
    *error_of(which) = 0;
    int count;
    if (which == MSVCRT) {
        Plain f = function(which, positional ? (wide ? "_vswprintf_p" : "_vsprintf_p") : (wide ? "_vsnwprintf" : "_vsnprintf"));
        if (!f) { fprintf(out, "(none)"); return; }
        count = f(buffer, 19999, format, list);
    } else {
        Common f = function(which, positional ? (wide ? "__stdio_common_vswprintf_p" : "__stdio_common_vsprintf_p") : (wide ? "__stdio_common_vswprintf" : "__stdio_common_vsprintf"));
        count = f(options, buffer, 19999, format, 0, list);
    }
    if (count < 0) { fprintf(out, "!%d%s", *error_of(which), invalid ? "h" : ""); return; }
    for (int i = 0; i < count; i++) show_unit(wide ? buffer[i] : ((unsigned char *)buffer)[i]);
}

static void printf_row(char **field) {
    static unsigned short format[4096];
    static char bytes[4096];
    static Arguments a;
    int n = decode(field[1], field[1] + strlen(field[1]), format);
    narrow(format, n, bytes);
    u64 options = strchr(field[0], '/') ? strtoull(strchr(field[0], '/') + 1, 0, 16) : 0x24;
    int wide = field[0][0] == 'w', positional = field[0][1] == 'p';
    arguments(&a, field[2]);
    for (int which = 0; which < 2; which++) {
        fputc('\t', out);
        print(which, wide, positional, options, wide ? (void *)format : bytes, &a);
    }
}

#include "observe_scan.h"
#include "observe_more.h"
#include "observe_time.h"

int main(int argc, char **argv) {
    static char line[1 << 16];
    char *field[12];
    dll[MSVCRT] = LoadLibraryA("msvcrt.dll");
    dll[UCRT] = LoadLibraryA("ucrtbase.dll");
    for (int i = 0; i < 2; i++) {
        void *(*set)(void *) = function(i, "_set_invalid_parameter_handler");
        if (set) set(handler);
    }
    out = stdout;
    FILE *in = fopen(argv[2], "rb");
    if (!in) return 1;
    for (int row = 1; fgets(line, sizeof line, in); row++) {
        if (strchr("#\r\n", line[0])) continue;
        memset(field, 0, sizeof field);
        fields(line, field, 12);
        fprintf(out, "%d", row);
        if (!strcmp(argv[1], "printf")) printf_row(field);
        else if (!strcmp(argv[1], "scanf")) scanf_row(field);
        else if (!strcmp(argv[1], "strftime")) time_row(field);
        else if (!strcmp(argv[1], "asctime")) asctime_row(field);
        else if (!strcmp(argv[1], "splitpath")) split_row(field);
        else if (!strcmp(argv[1], "makepath")) make_row(field);
        else more_row(argv[1], field);
        fputc('\n', out);
        fflush(out);
    }
    return 0;
}

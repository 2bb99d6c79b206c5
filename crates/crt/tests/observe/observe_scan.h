// Rows for the scanf family: kind, input, format, kinds of the arguments.
//
// Arguments: h:short i:int q:int64 b:char f:float d:double p:pointer sN, wN: buffer of N units, SN, WN: the same followed by its size.
static void scanf_row(char **field) {
    static unsigned short input[8192], format[4096];
    static char input_bytes[8192], format_bytes[4096];
    int n = decode(field[1], field[1] + strlen(field[1]), input);
    narrow(input, n, input_bytes);
    n = decode(field[2], field[2] + strlen(field[2]), format);
    narrow(format, n, format_bytes);
    int wide = field[0][0] == 'w';
    for (int which = 0; which < 2; which++) {
        static unsigned char memory[32][2048];
        u64 slot[64];
        char kind[32];
        int size[32], count = 0, slots = 0, secure = field[0][1] == 's';
        memset(memory, 0xee, sizeof memory);
        char list[512];
        strcpy(list, field[3] ? field[3] : "");
        for (char *word = strtok(list, " "); word; word = strtok(0, " ")) {
            kind[count] = word[0];
            size[count] = atoi(word + 1);
            slot[slots++] = (u64)memory[count];
            if (word[0] == 'S' || word[0] == 'W') slot[slots++] = size[count];
            count++;
        }
        void *text = wide ? (void *)input : input_bytes, *pattern = wide ? (void *)format : format_bytes;
        int result;
        fputc('\t', out);
        invalid = 0;
        *error_of(which) = 0;
        if (which == UCRT) {
            u64 options = strchr(field[0], '/') ? strtoull(strchr(field[0], '/') + 1, 0, 16) : 2;
            int (*f)(u64, const void *, size_t, const void *, void *, va_list) = function(which, wide ? "__stdio_common_vswscanf" : "__stdio_common_vsscanf");
            result = f(options | secure, text, (size_t)-1, pattern, 0, (va_list)slot);
        } else {
            int (*f)(const void *, const void *, ...) = function(which, secure ? (wide ? "swscanf_s" : "sscanf_s") : (wide ? "swscanf" : "sscanf"));
            result = f(text, pattern, slot[0], slot[1], slot[2], slot[3], slot[4], slot[5], slot[6], slot[7], slot[8], slot[9], slot[10], slot[11]);
        }
        fprintf(out, "%d%s", result, invalid ? "h" : "");
        for (int i = 0; i < count; i++) {
            unsigned char *m = memory[i];
            fputc(' ', out);
            int bytes = kind[i] == 'b' ? 1 : kind[i] == 'h' ? 2 : kind[i] == 'i' || kind[i] == 'f' ? 4 : strchr("qdp", kind[i]) ? 8 : 0;
            int touched = 0;
            for (int k = 0; k < (bytes ? bytes : 64); k++) touched |= m[k] != 0xee;
            if (!touched) { fputc('-', out); continue; }
            switch (kind[i]) {
            case 'b': fprintf(out, "%d", *(signed char *)m); break;
            case 'h': fprintf(out, "%d", *(short *)m); break;
            case 'i': fprintf(out, "%d", *(int *)m); break;
            case 'q': fprintf(out, "%lld", *(long long *)m); break;
            case 'f': fprintf(out, "%08x", *(unsigned *)m); break;
            case 'd': case 'p': fprintf(out, "%016llx", *(u64 *)m); break;
            case 's': case 'S':
                fputc('\'', out);
                for (int k = 0; k < 256 && m[k] != 0xee; k++) { if (m[k] == ' ') fprintf(out, "\\s"); else if (m[k]) show_unit(m[k]); else fprintf(out, "\\0"); }
                break;
            default:
                fputc('\'', out);
                for (int k = 0; k < 256; k++) {
                    unsigned short c = ((unsigned short *)m)[k];
                    if (c == 0xeeee) break;
                    if (c == ' ') fprintf(out, "\\s"); else if (c) show_unit(c); else fprintf(out, "\\0");
                }
            }
        }
    }
}

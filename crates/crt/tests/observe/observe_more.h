// Rows for numbers, dates and paths.
static void more_row(const char *what, char **field) {
    static unsigned short text[8192];
    static char bytes[8192];
    int n = decode(field[0], field[0] + strlen(field[0]), text);
    narrow(text, n, bytes);
    for (int which = 0; which < 2; which++) {
        fputc('\t', out);
        invalid = 0;
        *error_of(which) = 0;
        if (!strcmp(what, "strtod")) {
            char *end = 0;
            double (*f)(const char *, char **) = function(which, "strtod");
            double d = f(bytes, &end);
            fprintf(out, "%016llx %d %d", *(u64 *)&d, (int)(end - bytes), *error_of(which));
        } else if (!strcmp(what, "strtof")) {
            char *end = 0;
            float (*f)(const char *, char **) = function(which, "strtof");
            if (!f) { fprintf(out, "(none)"); continue; }
            float d = f(bytes, &end);
            fprintf(out, "%08x %d %d", *(unsigned *)&d, (int)(end - bytes), *error_of(which));
        } else if (!strcmp(what, "wcstol")) {
            wchar_t *end = 0;
            int base = atoi(field[1]);
            long l = ((long (*)(const wchar_t *, wchar_t **, int))function(which, "wcstol"))((wchar_t *)text, &end, base);
            fprintf(out, "%ld %d %d%s", l, (int)(end - (wchar_t *)text), *error_of(which), invalid ? "h" : "");
        } else if (!strcmp(what, "strtol")) {
            char *end;
            int base = atoi(field[1]);
#define INTEGER(type, name, form) { end = 0; *error_of(which) = 0; \
            type (*f)(const char *, char **, int) = function(which, name); \
            type v = f(bytes, &end, base); fprintf(out, form " %d %d%s ", v, end ? (int)(end - bytes) : -1, *error_of(which), invalid ? "h" : ""); }
            INTEGER(long, "strtol", "%ld")
            INTEGER(unsigned long, "strtoul", "%lu")
            INTEGER(long long, "_strtoi64", "%lld")
            INTEGER(unsigned long long, "_strtoui64", "%llu")
        }
    }
}

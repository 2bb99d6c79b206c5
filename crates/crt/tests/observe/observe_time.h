// Rows for strftime: format, then the nine fields of a struct tm; and for paths.
static void time_row(char **field) {
    static char format[512], out_text[1024];
    static unsigned short units[512];
    int tm[9] = {0}, n = 0;
    n = decode(field[0], field[0] + strlen(field[0]), units);
    narrow(units, n, format);
    n = 0;
    for (char *word = strtok(field[1], " "); word && n < 9; word = strtok(0, " ")) tm[n++] = atoi(word);
    for (int which = 0; which < 2; which++) {
        size_t (*f)(char *, size_t, const char *, const void *) = function(which, "strftime");
        fputc('\t', out);
        *error_of(which) = 0;
        out_text[0] = 0;
        size_t length = f(out_text, sizeof out_text, format, tm);
        if (*error_of(which)) { fprintf(out, "!%d", *error_of(which)); continue; }
        for (size_t i = 0; i < length; i++) show_unit((unsigned char)out_text[i]);
    }
}

static void asctime_row(char **field) {
    int tm[9] = {0}, n = 0;
    for (char *word = strtok(field[0], " "); word && n < 9; word = strtok(0, " ")) tm[n++] = atoi(word);
    for (int which = 0; which < 2; which++) {
        char *(*f)(const void *) = function(which, "asctime");
        fputc('\t', out);
        *error_of(which) = 0;
        char *text = f(tm);
        if (!text) { fprintf(out, "!%d", *error_of(which)); continue; }
        while (*text) show_unit((unsigned char)*text++);
    }
}

static void split_row(char **field) {
    static unsigned short units[2048];
    static char path[2048], part[4][300];
    int n = decode(field[0], field[0] + strlen(field[0]), units);
    narrow(units, n, path);
    for (int which = 0; which < 2; which++) {
        int (*f)(const char *, char *, size_t, char *, size_t, char *, size_t, char *, size_t) = function(which, "_splitpath_s");
        fputc('\t', out);
        int error = f(path, part[0], 3, part[1], 256, part[2], 256, part[3], 256);
        if (error) { fprintf(out, "!%d", error); continue; }
        for (int i = 0; i < 4; i++) { if (i) fputc('|', out); for (char *c = part[i]; *c; c++) show_unit((unsigned char)*c); }
    }
}

static void make_row(char **field) {
    static char text[4][300], path[300];
    static unsigned short units[300];
    for (int i = 0; i < 4; i++) narrow(units, decode(field[i + 1], field[i + 1] + strlen(field[i + 1]), units), text[i]);
    for (int which = 0; which < 2; which++) {
        int (*f)(char *, size_t, const char *, const char *, const char *, const char *) = function(which, "_makepath_s");
        fputc('\t', out);
        int error = f(path, atoi(field[0]), text[0], text[1], text[2], text[3]);
        if (error) fprintf(out, "!%d", error);
        else for (char *c = path; *c; c++) show_unit((unsigned char)*c);
    }
}

/* A tour of the sandbox: an ordinary Windows console program, compiled by MinGW, that win-compat runs as it is.
   Usage: tour.exe [FILE..]  prints the first line of each FILE, beside what it finds out about its world. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static int show_first_line(const char *name)
{
    char line[200];
    FILE *file = fopen(name, "r");
    if (!file) {
        printf("  %s: error %lu (%s)\n", name, GetLastError(), strerror(errno));
        return 0;
    }
    if (!fgets(line, sizeof line, file))
        strcpy(line, "(nothing)\n");
    printf("  %s: %s", name, line);
    fclose(file);
    return 1;
}

int main(int argc, char **argv)
{
    SYSTEM_INFO system;
    char folder[MAX_PATH];
    DWORD drives = GetLogicalDrives();
    int failures = 0;

    GetSystemInfo(&system);
    GetCurrentDirectoryA(sizeof folder, folder);
    printf("%lu processors, pages of %lu bytes\n", system.dwNumberOfProcessors, system.dwPageSize);
    printf("This program is %s\nThe working folder is %s\nDrives:", argv[0], folder);
    for (int letter = 0; letter < 26; letter++)
        if (drives >> letter & 1)
            printf(" %c:", 'A' + letter);

    printf("\n\nDrive C: belongs to the sandbox. A file written there:\n");
    FILE *file = fopen("C:\\tour.txt", "w");
    if (!file) {
        printf("  error %lu\n", GetLastError());
        return 1;
    }
    fprintf(file, "%d squared is %.1f\n", 12, 12.0 * 12.0);
    fclose(file);
    failures += !show_first_line("C:\\tour.txt");

    if (argc > 1)
        printf("\nThe files that were named:\n");
    for (int index = 1; index < argc; index++)
        failures += !show_first_line(argv[index]);

    printf("\nA file of the host that nobody granted:\n");
    failures += show_first_line("Z:\\etc\\passwd");
    return failures;
}

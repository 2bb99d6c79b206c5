// setjmp, longjmp and signals in C, as MinGW's compiler makes it: longjmp unwinds the frames that it leaves, and a fault
// becomes a signal by the filter of the start-up code. Prints what happens.
#include <float.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <windows.h>

static jmp_buf buffer;
static int depth_reached;

static int down(int depth) {
    volatile char room[200];
    room[0] = (char)depth;
    if (depth == 0) longjmp(buffer, 5);
    return down(depth - 1) + room[0];
}

static void on_signal(int number) {
    printf("signal %d\n", number);
    longjmp(buffer, number);
}

static LONG WINAPI filter(EXCEPTION_POINTERS* pointers) {
    printf("filter %08lx\n", pointers->ExceptionRecord->ExceptionCode);
    fflush(stdout);
    return EXCEPTION_EXECUTE_HANDLER;
}

static LONG WINAPI vectored(EXCEPTION_POINTERS* pointers) {
    printf("vectored %08lx\n", pointers->ExceptionRecord->ExceptionCode);
    return EXCEPTION_CONTINUE_SEARCH;
}

static int divide(int by) { return 100 / by; }

int main(void) {
    volatile int round;
    for (round = 0; round < 3; round++) {
        int value = setjmp(buffer);
        if (value == 0) down(10 + round);
        printf("setjmp %d in round %d\n", value, round);
    }
    int value = setjmp(buffer);
    if (value == 0) longjmp(buffer, 0);
    printf("0 becomes %d\n", value);
    signal(SIGSEGV, on_signal);
    value = setjmp(buffer);
    if (value == 0) *(volatile int*)0 = 1;
    printf("after the access %d\n", value);
    signal(SIGSEGV, on_signal);
    value = setjmp(buffer);
    if (value == 0) depth_reached = *(volatile int*)8;
    printf("after another %d\n", value);
    signal(SIGILL, on_signal);
    value = setjmp(buffer);
    if (value == 0) __asm__ volatile("ud2");
    printf("after the instruction %d\n", value);
    signal(SIGFPE, on_signal);
    value = setjmp(buffer);
    if (value == 0) depth_reached = divide(depth_reached);
    printf("after the division %d\n", value);
    AddVectoredExceptionHandler(1, vectored);
    SetUnhandledExceptionFilter(filter);
    signal(SIGSEGV, SIG_DFL);
    fflush(stdout);
    RaiseException(0x1234, 0, 0, NULL);
    return 0;
}

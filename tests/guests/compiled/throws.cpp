// What C++ programs do with exceptions, as MinGW's compiler makes it: tables for __gxx_personality_seh0. Prints what
// happens, so that the same file can be compared under another Windows. `throws bench` times one throw.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <windows.h>

static int ended = 0;

struct Object {
    int number;
    explicit Object(int number) : number(number) {}
    Object(const Object& other) : number(other.number) {}
    ~Object() { ended += number; }
};

struct Base { virtual ~Base() {} virtual const char* name() const { return "base"; } };
struct Other { virtual ~Other() {} int value = 5; };
struct Derived : Other, Base { const char* name() const override { return "derived"; } };

static void throw_one(int which) {
    Object here(1);
    switch (which) {
        case 0: throw std::runtime_error("runtime");
        case 1: throw 42;
        case 2: throw std::string("text");
        case 3: throw 2.5;
        case 4: throw Derived();
        case 5: throw "literal";
        case 6: throw Object(1000);
        case 7: throw new int(9);
        default: throw_one(which - 8);
    }
}

static void catch_one(int which) {
    try {
        Object around(10);
        throw_one(which);
    } catch (const std::exception& error) {
        printf("exception %s\n", error.what());
    } catch (int number) {
        printf("int %d\n", number);
    } catch (std::string text) {
        printf("string %s\n", text.c_str());
    } catch (const Base& base) {
        printf("base %s\n", base.name());
    } catch (const char* text) {
        printf("literal %s\n", text);
    } catch (int* pointer) {
        printf("pointer %d\n", *pointer);
        delete pointer;
    } catch (...) {
        printf("anything\n");
    }
    printf("  ended %d\n", ended);
}

static int compare(const void* first, const void* second) {
    if (*static_cast<const int*>(first) == 3) throw std::logic_error("out of qsort");
    return *static_cast<const int*>(first) - *static_cast<const int*>(second);
}

struct Rethrows {
    ~Rethrows() {
        try {
            throw 7;
        } catch (int number) {
            printf("inside of a destructor %d, on their way: %d\n", number, std::uncaught_exceptions());
        }
    }
};

static DWORD WINAPI thread(void*) {
    try {
        throw_one(2);
    } catch (std::string& text) {
        return static_cast<DWORD>(text.size());
    }
    return 0;
}

static int function_try(int number) try {
    if (number) throw number;
    return 0;
} catch (int caught) {
    return caught + 1;
}

static void nested() {
    try {
        try {
            throw_one(0);
        } catch (...) {
            Object inner(100);
            throw;
        }
    } catch (const std::runtime_error& error) {
        printf("again %s\n", error.what());
    }
    try {
        try {
            throw 1;
        } catch (int) {
            Object inner(200);
            throw std::string("another");
        }
    } catch (std::string& text) {
        printf("instead %s\n", text.c_str());
    }
    std::exception_ptr kept;
    try {
        throw_one(1);
    } catch (...) {
        kept = std::current_exception();
    }
    try {
        std::rethrow_exception(kept);
    } catch (int number) {
        printf("kept %d\n", number);
    }
    printf("  ended %d\n", ended);
}

static void bench() {
    LARGE_INTEGER frequency, start, end;
    const int count = 20000;
    QueryPerformanceFrequency(&frequency);
    double best = 1e30;
    for (int batch = 0; batch < 21; batch++) {
        QueryPerformanceCounter(&start);
        for (int index = 0; index < count; index++) {
            try { throw index; } catch (int number) { ended += number; }
        }
        QueryPerformanceCounter(&end);
        double one = double(end.QuadPart - start.QuadPart) * 1e9 / double(frequency.QuadPart) / count;
        if (one < best) best = one;
    }
    printf("C++ throw and catch (MinGW)\t%.1f\n", best);
}

int main(int count, char** arguments) {
    if (count > 1 && !strcmp(arguments[1], "bench")) { bench(); return 0; }
    for (int which = 0; which < 20; which++) catch_one(which);
    nested();
    try {
        Rethrows object;
        throw_one(1);
    } catch (int number) {
        printf("outside %d\n", number);
    }
    int numbers[] = {5, 3, 9, 1, 7, 2};
    try {
        qsort(numbers, 6, sizeof *numbers, compare);
    } catch (const std::logic_error& error) {
        printf("%s\n", error.what());
    }
    printf("function %d %d\n", function_try(0), function_try(4));
    HANDLE handle = CreateThread(nullptr, 0, thread, nullptr, 0, nullptr);
    DWORD code = 0;
    WaitForSingleObject(handle, INFINITE);
    GetExitCodeThread(handle, &code);
    printf("thread %lu\n", code);
    fflush(stdout);
    std::set_terminate([] { printf("terminated\n"); fflush(stdout); _exit(33); });
    []() noexcept { throw 1; }();
    return 0;
}

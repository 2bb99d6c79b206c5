// C++ exceptions as Microsoft's compilers make them: thrown by value, reference and pointer, caught by kind, by base, by `...`, thrown
// again, out of `catch` blocks, through frames with destructors. The program prints what happens, in order; it is the same in either
// bitness, and needs no header and no library but `msvcrt.dll`.

extern "C" int printf(const char *, ...);
extern "C" int fflush(void *);
extern "C" void exit(int);

// What the compiler's own library would hold.
extern "C" void __std_terminate() { exit(99); }
extern "C" int atexit(void (*)()) { return 0; }
void operator delete(void *, decltype(sizeof 0)) noexcept {}
extern "C" { extern void *const type_information[2] __asm__("??_7type_info@@6B@"); void *const type_information[2] = {}; extern int _fltused; int _fltused = 1; }

#ifdef __i386__
// 32-bit images list their handlers: one that is not among them is not called.
extern "C" {
extern void *__safe_se_handler_table[];
extern unsigned char __safe_se_handler_count;
struct LoadConfig { unsigned size, words[14], cookie; void **handlers; unsigned char *count; };
unsigned __security_cookie = 0x4711;
extern const LoadConfig _load_config_used;
const LoadConfig _load_config_used = {sizeof(LoadConfig), {}, 0, __safe_se_handler_table, &__safe_se_handler_count};
}
#endif

struct Noisy {
    int number;
    static int alive;
    explicit Noisy(int number) : number(number) { alive++; }
    Noisy(const Noisy &other) : number(other.number + 1000) { alive++; printf("  copy %d\n", number); }
    ~Noisy() { alive--; printf("  end %d\n", number); }
};
int Noisy::alive = 0;

struct Base { int a; virtual ~Base() {} virtual int what() { return a; } };
struct Side { int s; };
struct Derived : Side, Base { int b; int what() override { return a + b; } };

__attribute__((noinline)) void by_number(int kind) {
    Noisy frame(kind);
    switch (kind) {
    case 0: throw 7;
    case 1: throw 2.5;
    case 2: throw "text";
    case 3: throw Noisy(50);
    case 4: { Derived thrown; thrown.a = 3; thrown.b = 4; thrown.s = 9; throw thrown; }
    case 5: { static Derived lasting; lasting.a = 5; lasting.b = 6; throw &lasting; }
    case 6: throw (short)12;
    case 7: throw nullptr;
    default: return;
    }
}

__attribute__((noinline)) void middle(int kind) {
    Noisy first(100), second(200);
    by_number(kind);
    printf("  nothing was thrown\n");
}

void kinds() {
    for (int kind = 0; kind < 9; kind++) {
        printf("kind %d\n", kind);
        try { middle(kind); }
        catch (int number) { printf("  int %d\n", number); }
        catch (double number) { printf("  double %d\n", (int)(number * 10)); }
        catch (const char *text) { printf("  %s\n", text); }
        catch (Noisy &noisy) { printf("  noisy %d\n", noisy.number); noisy.number = 51; }
        catch (Base &base) { printf("  base %d\n", base.what()); }
        catch (const Base *base) { printf("  pointer %d\n", base ? const_cast<Base *>(base)->what() : -1); }
        catch (...) { printf("  something\n"); }
        printf("  alive %d\n", Noisy::alive);
    }
}

void by_value() {
    printf("by value\n");
    try { throw Noisy(1); } catch (Noisy noisy) { printf("  caught %d\n", noisy.number); }
    try { Derived thrown; thrown.a = 1; thrown.b = 2; throw thrown; } catch (Base base) { printf("  sliced %d\n", base.what()); }
    printf("  alive %d\n", Noisy::alive);
}

__attribute__((noinline)) void again(int how) {
    Noisy frame(300 + how);
    try { throw Noisy(how); }
    catch (Noisy &noisy) {
        Noisy inside(400);
        noisy.number += 10;
        if (how == 1) throw;
        if (how == 2) throw 99;
        if (how == 3) { try { throw; } catch (Noisy &same) { printf("  inner sees %d\n", same.number); } }
        if (how == 4) { try { throw 1; } catch (int) { printf("  inner int\n"); } printf("  outer still %d\n", noisy.number); throw; }
        if (how == 5) { try { throw 1; } catch (double) { printf("  never\n"); } }
    }
    printf("  went on\n");
}

void rethrown() {
    for (int how = 0; how < 6; how++) {
        printf("again %d\n", how);
        try { again(how); }
        catch (Noisy &noisy) { printf("  outer noisy %d\n", noisy.number); }
        catch (int number) { printf("  outer int %d\n", number); }
        printf("  alive %d\n", Noisy::alive);
    }
}

struct Throwing {
    int depth;
    ~Throwing() {
        // An exception that a destructor raises and handles itself while another one is on its way.
        try { Noisy own(500 + depth); throw depth; } catch (int number) { printf("  destructor handled %d\n", number); }
    }
};

void nested() {
    printf("in destructors\n");
    try { Throwing outer{1}; Throwing inner{2}; throw 3; } catch (int number) { printf("  caught %d\n", number); }
    printf("  alive %d\n", Noisy::alive);
}

__attribute__((noinline)) int deep(int level) {
    Noisy frame(600 + level);
    if (level == 0) throw 42;
    if (level % 3 == 0) { try { return deep(level - 1) + 1; } catch (double) { printf("  never\n"); } }
    return deep(level - 1) + 1;
}

void frames() {
    printf("deep\n");
    try { deep(9); } catch (int number) { printf("  caught %d\n", number); }
    printf("  alive %d\n", Noisy::alive);
}

int loops() {
    int sum = 0;
    for (int index = 0; index < 1000; index++) {
        try { if (index % 3 == 0) continue; throw index; } catch (int number) { if (number % 5 == 0) continue; sum += number; }
    }
    return sum;
}

__attribute__((noinline)) int locals(int seed) {
    volatile int kept = seed * 3;
    int other = seed + 1;
    try { other += 2; if (seed) throw seed; } catch (int number) { kept += number; other += number; }
    return kept * 100 + other;
}

struct Members {
    Noisy one, two;
    Noisy *none;
    explicit Members(bool fails) : one(701), two(702), none(nullptr) { if (fails) throw "constructor"; }
};

void constructors() {
    printf("constructors\n");
    try { Members members(true); printf("  never\n"); } catch (const char *text) { printf("  %s\n", text); }
    try { Members whole(false); throw 1; } catch (int) { printf("  whole\n"); }
    printf("  alive %d\n", Noisy::alive);
}

int outcome(int kind) {
    try { by_number(kind); return 1; } catch (int) { return 2; } catch (...) { return 3; }
}

extern "C" void run() {
    kinds();
    by_value();
    rethrown();
    nested();
    frames();
    printf("loops %d\n", loops());
    printf("locals %d %d\n", locals(0), locals(5));
    constructors();
    printf("returns %d %d %d\n", outcome(8), outcome(0), outcome(1));
    fflush(nullptr);
    exit(0);
}

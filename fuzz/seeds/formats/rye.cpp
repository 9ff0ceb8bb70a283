#define X(a) a
namespace n { template<class T> struct S { int f() { return 0; } }; }
int (*(*g)(int))[3];

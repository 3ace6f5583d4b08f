// Does nothing: the precompiled header of the test programs (CMakeLists.txt) must belong to a program, as it is
// compiled for one.
int main() { return 0; }

import CProcess

/// Gives memory back to the operating system that this program has freed but the allocator keeps.
enum Memory {
    /// Returns all free memory to the system. glibc does so by itself only at the top of its heap, which is seldom free
    /// after many connections. The call takes some milliseconds per hundred megabytes.
    static func giveBack() {
        easysetup_give_back_memory()
    }
}

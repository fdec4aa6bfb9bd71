import CProcess

/// Releases memory that the allocator keeps after it was freed.
enum Memory {
    /// Returns all free memory to the system. glibc does so by itself only at the top of its heap, which is seldom free
    /// after many connections. It takes some milliseconds per hundred megabytes.
    static func giveBack() {
        easysetup_give_back_memory()
    }
}

import CProcess

/// What the allocator keeps of memory that was given back to it.
enum Memory {
    /// Gives to the system what is free, wherever it lies. glibc does so by itself only at the end of its heap, where after a crowd
    /// something always stands. It takes some milliseconds for each hundred megabytes.
    static func giveBack() {
        easysetup_give_back_memory()
    }
}

import CProcess

/// Returns memory to the operating system: memory that this program has freed, but that the allocator keeps.
enum Memory {
    /// Returns all free memory to the system. By itself, glibc returns only memory at the top of its heap, which is
    /// seldom free after many connections. The call takes some milliseconds per hundred megabytes.
    static func giveBack() {
        easysetup_give_back_memory()
    }
}

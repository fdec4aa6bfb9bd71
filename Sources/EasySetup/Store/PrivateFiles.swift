package import EasySetupPairingSession
package import EasySetupSeed

/// Small files that a program keeps in the folder of its seed, such as its device's place in the chain. They are kept with
/// the same care as the seed: the folder and the files are this user's alone, no link is followed, and a file is replaced
/// as a whole and is on the disk when the call returns.
package struct PrivateFiles: Sendable {
    private let path: [CChar]

    /// Names the files of a folder.
    /// - Parameter path: the folder's path, without a zero byte at the end.
    package init(path: [UInt8]) {
        self.path = path.prefix { $0 != 0 }.map(CChar.init(bitPattern:)) + [0]
    }

    /// Reads a file; nil if there is none, or no folder.
    /// - Parameters:
    ///   - name: the file's name in the folder.
    ///   - limit: the size of the largest file that is read, in bytes.
    @concurrent package func read(_ name: String, limit: Int) async throws(StoreError) -> SecretBytes? {
        guard let folder = try PrivateFolder.open(path, onStep: { _ in }) else { return nil }
        return try folder.read(name, limit: limit)
    }

    /// Writes a file, and makes the folder if there is none.
    /// - Parameters:
    ///   - bytes: the file's content.
    ///   - name: the file's name in the folder.
    @concurrent package func write(_ bytes: borrowing SecretBytes, to name: String) async throws(StoreError) {
        let folder = try PrivateFolder.openOrMake(path, onStep: { _ in })
        let lock = try await folder.lock(patience: FileSeedStore.lockPatience)
        defer { lock.unlock() }
        try folder.write(bytes, to: name)
    }

    /// Removes a file. A file that is not there is no error.
    @concurrent package func remove(_ name: String) async throws(StoreError) {
        guard let folder = try PrivateFolder.open(path, onStep: { _ in }) else { return }
        let lock = try await folder.lock(patience: FileSeedStore.lockPatience)
        defer { lock.unlock() }
        try folder.remove(name)
        try folder.syncNames()
    }

    /// A lock of a program's own, which ends with this value.
    package struct Hold: ~Copyable, Sendable {
        fileprivate let lock: PrivateFolder.Lock
    }

    /// Waits until no other program holds a lock of this name in the folder, and takes it. It is another lock than that of
    /// a write to the folder, so that it can be held for long.
    /// - Throws: ``StoreError/busy`` when the wait takes longer than `patience`, or the task is cancelled.
    @concurrent package func hold(_ name: String, patience: Duration) async throws(StoreError) -> Hold {
        let folder = try PrivateFolder.openOrMake(path, onStep: { _ in })
        return Hold(lock: try await folder.lock(name, patience: patience))
    }
}

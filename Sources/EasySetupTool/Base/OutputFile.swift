import Logging

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The file at standard output, if it is one. A shell makes it with the rights that the user's umask leaves, which
/// usually lets everybody read it.
enum OutputFile {
    /// Whether users other than the file's owner may read it.
    static var isOpenToOthers: Bool {
        var status = stat()
        return fstat(STDOUT_FILENO, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_mode & 0o044 != 0
    }

    /// The sentence for a person who is asked before a secret goes there.
    static let warning =
        "Other users of this machine may read the file that it goes to. To keep it from them, say no, run chmod 600 on the file, and start again."

    /// Warns in the log that a secret goes to a file that others may read. A command calls it where it asks nobody.
    static func warn() {
        guard isOpenToOthers else { return }
        Logger(label: "easysetup").warning(
            "other users of this machine may read the file at standard output, and a secret is written there; run chmod 600 on it"
        )
    }
}

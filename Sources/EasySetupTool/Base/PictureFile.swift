import EasySetupPicture
import EasySetupSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Writes the picture of a QR code, which is a secret.
enum PictureFile {
    /// Writes bytes to a file of mode 0600, and wipes them. A file that is there is only replaced if that was asked for,
    /// and then as a whole: under another name first.
    static func write(_ bytes: inout [UInt8], to path: PathArgument, replacing: Bool) throws(PictureError) {
        defer { Sodium.wipe(&bytes) }
        let target = path.cString
        guard replacing || !isThere(path) else { throw .exists }
        let draft = (path.bytes + Array(".new".utf8)).map(CChar.init(bitPattern:)) + [0]
        let name = replacing ? draft : target
        let file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw errno == EEXIST ? .exists : .notWritten }
        let isWritten = fchmod(file, 0o600) == 0 && put(bytes, to: file) && fsync(file) == 0
        let isClosed = close(file) == 0
        guard isWritten, isClosed, !replacing || rename(draft, target) == 0 else {
            unlink(name)
            throw .notWritten
        }
    }

    /// Whether there is a file, or anything else, at a path.
    static func isThere(_ path: PathArgument) -> Bool {
        var status = stat()
        return lstat(path.cString, &status) == 0
    }

    /// Writes bytes to standard output, and wipes them.
    static func writeToOutput(_ bytes: inout [UInt8]) throws(CommandError) {
        defer { Sodium.wipe(&bytes) }
        guard put(bytes, to: STDOUT_FILENO) else { throw .outputFailed }
    }

    private static func put(_ bytes: [UInt8], to file: CInt) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = systemWrite(file, buffer.baseAddress! + done, buffer.count - done)
                if count >= 0 { done += count } else if errno != EINTR { return false }
            }
            return true
        }
    }

    private static func systemWrite(_ file: CInt, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
        #if canImport(Glibc)
        Glibc.write(file, bytes, count)
        #elseif canImport(Musl)
        Musl.write(file, bytes, count)
        #else
        Darwin.write(file, bytes, count)
        #endif
    }
}

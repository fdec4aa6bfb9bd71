import CPicture
import CProcess
package import EasySetupSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Reads a picture in a process of its own: this program, started again. A hostile picture that takes over a decoder finds no
/// seed there, and can open no file and no socket. When the process ends, the system wipes all that the decoders have left
/// of the picture, which may be that of a seed.
@safe package enum PictureProcess {
    /// The one argument of the process.
    package static let argument = "--picture-reader"

    /// Reads the picture in an open file.
    package static func texts(of file: CInt) throws(PictureError) -> [UserText] {
        let (child, output) = try start(file)
        defer { close(output) }
        let reply = SecretBytes(zeros: PictureReply.maximumBytes + 1)
        let count = unsafe reply.withUnsafeMutableBytes { unsafe fill($0, from: output) }
        // A process that says too much waits for a reader, so it is ended first.
        if count == reply.count { kill(child, SIGKILL) }
        var status: CInt = 0
        while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
        guard status == 0, count < reply.count else { throw .readerFailed }
        return try unsafe reply.withUnsafeBytes { (bytes) throws(PictureError) in
            try unsafe PictureReply.read(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        }
    }

    /// Opens a picture.
    /// - Parameter path: the path, with a zero byte at the end.
    package static func open(_ path: [CChar]) throws(PictureError) -> CInt {
        let file = Self.openFile(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            switch errno {
            case ENOENT, ENOTDIR: throw .unreadable(.missing)
            case EACCES, EPERM: throw .unreadable(.forbidden)
            default: throw .unreadable(.system)
            }
        }
        var status = stat()
        guard unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT != S_IFDIR, status.st_mode & S_IFMT != S_IFSOCK
        else {
            close(file)
            throw .unreadable(.noFile)
        }
        guard status.st_mode & S_IFMT != S_IFREG || status.st_size <= PictureLimits.fileBytes else {
            close(file)
            throw .tooLarge
        }
        return file
    }

    private static func openFile(_ path: [CChar], _ flags: CInt) -> CInt {
        #if canImport(Glibc)
        unsafe Glibc.open(path, flags)
        #elseif canImport(Musl)
        unsafe Musl.open(path, flags)
        #else
        unsafe Darwin.open(path, flags)
        #endif
    }

    /// Reads until the buffer is full, or to the end.
    private static func fill(_ buffer: UnsafeMutableRawBufferPointer, from file: CInt) -> Int {
        var done = 0
        while done < buffer.count {
            let count = unsafe read(file, buffer.baseAddress! + done, buffer.count - done)
            if count > 0 { done += count } else if count == 0 || errno != EINTR { break }
        }
        return done
    }

    // MARK: The parent's side

    private static func start(_ file: CInt) throws(PictureError) -> (child: pid_t, output: CInt) {
        var ends: [CInt] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw .readerFailed }
        defer { close(ends[1]) }
        // Only the child's side is inherited, as its standard output.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        #if canImport(Darwin)
        var actions: posix_spawn_file_actions_t?
        var attributes: posix_spawnattr_t?
        #else
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        #endif
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        unsafe posix_spawn_file_actions_adddup2(&actions, file, STDIN_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var child: pid_t = 0
        let words = unsafe [strdup("easysetup"), strdup(argument), nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        let status = unsafe posix_spawn(&child, Self.program, &actions, &attributes, words, environ)
        guard status == 0 else {
            close(ends[0])
            throw .readerFailed
        }
        return (child, ends[0])
    }

    /// The path of this program's own file.
    private static var program: String {
        #if canImport(Darwin)
        var count: UInt32 = 4096
        var path = [CChar](repeating: 0, count: Int(count))
        return unsafe _NSGetExecutablePath(&path, &count) == 0 ? String(cString: path) : CommandLine.arguments[0]
        #else
        "/proc/self/exe"
        #endif
    }

    // MARK: The child's side

    /// Reads the picture at standard input and ends the process, if this is the process for it. A program calls this
    /// first of all, as long as it has one thread.
    package static func runIfAsked() {
        guard CommandLine.argc == 2, let word = unsafe CommandLine.unsafeArgv[1],
            unsafe strcmp(word, argument) == 0
        else { return }
        _ = easysetup_harden_process()
        Sodium.start()
        // The libraries are opened now, because this process may open no file later. The reader reports a missing one.
        var (png, jpeg, zbar) = (easysetup_png(), easysetup_jpeg(), easysetup_zbar())
        _ = unsafe (easysetup_load_png(&png), easysetup_load_jpeg(&jpeg), easysetup_load_zbar(&zbar))
        // A system may have no such limits. The parent trusts nothing that comes from here in any case.
        _ = easysetup_confine(UInt(PictureLimits.memory), UInt(PictureLimits.seconds))
        let reply = answer()
        unsafe reply.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = unsafe write(STDOUT_FILENO, bytes.baseAddress! + done, bytes.count - done)
                if count < 0, errno != EINTR { _exit(1) }
                done += max(count, 0)
            }
        }
        _exit(0)
    }

    private static func answer() -> SecretBytes {
        let file = UnsafeMutableRawBufferPointer.allocate(
            byteCount: PictureLimits.fileBytes + 1,
            alignment: 16
        )
        let count = unsafe fill(file, from: STDIN_FILENO)
        do throws(PictureError) {
            return PictureReply.bytes(
                try unsafe PictureReader.texts(in: UnsafeRawBufferPointer(rebasing: file[..<count]))
            )
        } catch {
            return PictureReply.bytes(error)
        }
    }
}

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The kind of standard input, as far as it can be known before anything is read from it.
enum StandardInput {
    /// A terminal.
    case terminal
    /// An open source of answers: a pipe, a socket or a file.
    case open
    /// A source without any input: `/dev/null`, a file or a pipe at its end, or a closed descriptor.
    case atEnd

    /// Whether standard input was a terminal when the program started. The value is kept, because the system no longer
    /// recognises a terminal that has been closed.
    static let wasTerminal = isatty(STDIN_FILENO) == 1

    static var current: StandardInput {
        if isatty(STDIN_FILENO) == 1 { return .terminal }
        var status = stat()
        guard fstat(STDIN_FILENO, &status) == 0 else { return .atEnd }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return lseek(STDIN_FILENO, 0, SEEK_CUR) >= status.st_size ? .atEnd : .open
        case S_IFDIR: return .atEnd
        case S_IFCHR:
            var null = stat()
            return stat("/dev/null", &null) == 0 && null.st_rdev == status.st_rdev ? .atEnd : .open
        default:
            // A pipe or socket is at its end if its other end is closed and it has no more data.
            var file = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            guard poll(&file, 1, 0) > 0 else { return .open }
            if file.revents & Int16(POLLIN) == 0 { return .atEnd }
            var byte: UInt8 = 0
            let isSocket = status.st_mode & S_IFMT == S_IFSOCK
            return isSocket && recv(STDIN_FILENO, &byte, 1, CInt(MSG_PEEK)) == 0 ? .atEnd : .open
        }
    }
}

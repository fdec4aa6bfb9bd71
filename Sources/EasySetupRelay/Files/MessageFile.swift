import EasySetupRelayProtocol

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Reads the file with the operator's message for devices: one line of UTF-8. An empty file is no message, so that an
/// operator can take the message back without other settings.
enum MessageFile {
    /// The size of the largest file that the relay reads, in bytes: the longest message, and white space around it.
    static let maximumByteCount = 1024

    static func read(path: PathBytes) throws(RelayError) -> RelayMessage? {
        do throws(RelayError.MessageFileProblem) {
            return try message(in: read(path))
        } catch {
            throw .badMessageFile(path: path.description, error)
        }
    }

    static func message(in bytes: [UInt8]) throws(RelayError.MessageFileProblem) -> RelayMessage? {
        // Some editors write a byte order mark at the start of a file, so it is skipped.
        let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .text(.notUTF8) }
        guard !text.allSatisfy(\.isWhitespace) else { return nil }
        do throws(RelayMessageError) {
            return try RelayMessage(text)
        } catch {
            throw .text(error)
        }
    }

    private static func read(_ path: PathBytes) throws(RelayError.MessageFileProblem) -> [UInt8] {
        let file: OperatorFile
        do throws(RelayError.FileProblem) {
            file = try OperatorFile.read(path, limit: maximumByteCount)
        } catch {
            throw .file(error)
        }
        // The people at all devices read what is in the file, so only the operator may write it.
        guard file.owner == 0 || file.owner == geteuid() else { throw .foreignOwner }
        guard file.mode & 0o022 == 0 else { throw .writableByOthers }
        return file.bytes
    }
}

extension RelayConfiguration {
    /// The message for devices, from ``messageFile`` if there is one. May block, because it reads the file.
    func loadMessage() throws(RelayError) -> RelayMessage? {
        guard let messageFile else { return message }
        return try MessageFile.read(path: messageFile)
    }
}

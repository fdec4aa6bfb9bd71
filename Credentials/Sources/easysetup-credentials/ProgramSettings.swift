import CredentialsService
import Foundation
import Logging

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The settings of options, variables and the file of `--config`, checked. They are read at the start, and again at
/// SIGHUP.
struct ProgramSettings: Sendable {
    let reader: SettingsReader
    let configuration: ProgramConfiguration
    let format: LogLines.Format
    let level: Logger.Level
    /// A sentence for each file of keys that other users may read or change.
    let unsafeFiles: [String]

    init(_ arguments: [String], _ variables: [String: String]) throws(SettingsFault) {
        var reader = try SettingsReader(arguments: arguments)
        try reader.add(variables: variables)
        if let path = reader.text("config") {
            guard let text = Self.read(path) else { throw SettingsFault("The file of --config can't be read.") }
            try reader.add(file: text)
        }
        guard let format = LogLines.Format(rawValue: reader.text("log-format") ?? "text") else {
            throw SettingsFault("log-format is text or json.")
        }
        guard let level = Logger.Level(rawValue: reader.text("log-level") ?? "info") else {
            throw SettingsFault("log-level is debug, info, notice, warning or error.")
        }
        var faults: [String] = []
        configuration = try ProgramConfiguration(reader) { path in
            if let fault = Self.fault(path), !faults.contains(fault) { faults.append(fault) }
            return Self.read(path)
        }
        self.reader = reader
        self.format = format
        self.level = level
        unsafeFiles = faults
    }

    /// A small file as text; nil if it can't be read.
    private static func read(_ path: String) -> String? {
        guard let bytes = FileManager.default.contents(atPath: path), bytes.count <= 65_536 else { return nil }
        return String(data: bytes, encoding: .utf8)
    }

    /// The reason why a file of keys keeps nothing secret; nil if it does. The group may read a file of root, as systemd
    /// hands out credentials.
    private static func fault(_ path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        let forbidden: mode_t = status.st_uid == 0 ? 0o027 : 0o077
        guard status.st_mode & forbidden != 0 else { return nil }
        return "other users may read or change \(path), which has keys: chmod 600"
    }
}

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The socket unit of the Debian package, with which systemd opens the relay's addresses. A relay that systemd starts gets
/// these sockets. `relay --check` is started by a person and gets none, so it asks systemd for them.
struct SocketUnit: Equatable {
    static let name = "easysetup-relay.socket"

    /// The addresses, such as `0.0.0.0:443`.
    let addresses: [String]

    /// Asks systemd. Nil if the unit does not exist or is not in use, and where there is no systemd.
    static func current() -> SocketUnit? {
        let command = "systemctl show \(name) --property=ActiveState,UnitFileState,Listen 2>/dev/null </dev/null"
        guard let output = popen(command, "r") else { return nil }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while text.count < maximumBytes {
            let count = fread(&buffer, 1, buffer.count, output)
            guard count > 0 else { break }
            text += buffer.prefix(count)
        }
        guard pclose(output) == 0 else { return nil }
        return SocketUnit(properties: String(decoding: text, as: UTF8.self))
    }

    /// Far more than a unit with 64 sockets has.
    private static let maximumBytes = 65_536

    /// - Parameter properties: the lines of `systemctl show`, such as `Listen=0.0.0.0:443 (Stream)`.
    /// - Returns: nil if the unit is neither active nor enabled, or opens no address.
    init?(properties: String) {
        var isUsed = false
        var addresses: [String] = []
        for line in properties.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            switch parts[0] {
            case "ActiveState": isUsed = isUsed || parts[1] == "active"
            case "UnitFileState": isUsed = isUsed || parts[1].hasPrefix("enabled")
            case "Listen":
                guard parts[1].hasSuffix(" (Stream)") else { continue }
                addresses.append(String(parts[1].dropLast(" (Stream)".count)))
            default: continue
            }
        }
        guard isUsed, !addresses.isEmpty else { return nil }
        self.addresses = addresses
    }
}

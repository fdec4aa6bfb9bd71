import ArgumentParser
import EasySetupRelay

/// The option `--admin`: an address as that of `--listen`, but of loopback where it names no host.
struct AdminAddress {
    let address: ListenAddress

    /// - Throws: `ValidationError`, which says what is wrong.
    init(argument: String) throws {
        let isPort = !argument.isEmpty && argument.allSatisfy { $0.isASCII && $0.isNumber }
        let address = try ListenAddress(argument: isPort ? ":" + argument : argument)
        let namesHost = address.host != nil || argument.hasPrefix("*")
        self.address = namesHost ? address : ListenAddress(host: "127.0.0.1", port: address.port)
    }
}

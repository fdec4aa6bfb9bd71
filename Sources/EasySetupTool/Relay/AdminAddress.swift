import ArgumentParser
import EasySetupRelay

/// The option `--admin`: an address as that of `--listen`, but of loopback where it names no host.
struct AdminAddress: ExpressibleByArgument {
    let address: ListenAddress

    init?(argument: String) {
        let isPort = !argument.isEmpty && argument.allSatisfy { $0.isASCII && $0.isNumber }
        guard let address = ListenAddress(isPort ? ":" + argument : argument) else { return nil }
        let namesHost = address.host != nil || argument.hasPrefix("*")
        self.address = namesHost ? address : ListenAddress(host: "127.0.0.1", port: address.port)
    }
}

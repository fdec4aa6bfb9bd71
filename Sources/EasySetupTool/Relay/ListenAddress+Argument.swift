import ArgumentParser
import EasySetupRelay

extension ListenAddress {
    /// Parses the argument like ``init(_:)``.
    /// - Throws: `ValidationError`, which says what is wrong. It repeats nothing of the argument.
    init(argument: String) throws {
        guard let address = Self(argument) else { throw ValidationError(Self.fault(in: argument)) }
        self = address
    }

    private static func fault(in text: String) -> String {
        guard let colon = text.lastIndex(of: ":") else {
            guard !text.allSatisfy(\.isNumber) else {
                return """
                    A port stands behind a host and a colon: *:PORT for every address of this machine, or 127.0.0.1:PORT for \
                    this machine alone.
                    """
            }
            return "The port is missing: write HOST:PORT."
        }
        let isBracketed = text.hasPrefix("[")
        if !isBracketed, text[..<colon].contains(":") {
            return "An IPv6 address stands in brackets, with a colon and the port behind them."
        }
        if isBracketed, text.hasSuffix("]") {
            return "The port is missing: write a colon and the port behind the brackets, as [ADDRESS]:PORT."
        }
        guard UInt16(text[text.index(after: colon)...]) == nil else {
            return "The host is a name or an address, and * stands for every address."
        }
        return "The port is a number from 0 to \(UInt16.max)."
    }
}

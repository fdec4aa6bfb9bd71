public import ArgumentParser
public import Relay

extension ListenAddress: ExpressibleByArgument {
    /// As ``init(_:)`` reads it.
    public init?(argument: String) {
        self.init(argument)
    }
}

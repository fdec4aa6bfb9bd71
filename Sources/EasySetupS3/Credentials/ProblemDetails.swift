import EasySetupChain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The problem in an answer of a service for credentials (RFC 9457; `Protocol/credentials.md`, "Problems"). The texts for
/// people are not kept: they may say anything.
struct ProblemDetails: Equatable {
    /// The problem; nil if it is none of the table.
    let problem: ServiceProblem?
    /// The service's time in seconds since 1970, which comes with `ServiceProblem.wrongClock`.
    let time: Int?
    /// How many there may be at most, which comes with some problems.
    let most: Int?

    /// Reads the body of an answer; nil if it has no problem of such a service.
    init?(_ body: [UInt8]) {
        guard let wire = try? JSONDecoder().decode(Wire.self, from: Data(body)),
            wire.type.hasPrefix(ServiceProblem.typePrefix)
        else { return nil }
        problem = ServiceProblem(rawValue: String(wire.type.dropFirst(ServiceProblem.typePrefix.count)))
        time = wire.time
        most = wire.most
    }

    private struct Wire: Decodable {
        let type: String
        let time: Int?
        let most: Int?
    }
}

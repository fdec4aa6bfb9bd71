import Foundation
import Testing

/// `scripts/fleet` runs the tests of this target at full size, and `scripts/test` a part of each.
enum Environment {
    private static let size = ProcessInfo.processInfo.environment["EASYSETUP_FLEET"]

    static let isFull = size == "full"
    /// Whether these tests run by themselves: they take long, or other tests would be slow beside them.
    static let isSet = size != nil

    /// The program of another version of the relay, which `scripts/fleet versions` has built; nil if there is none.
    static let otherProgram: String? = {
        let path = ProcessInfo.processInfo.environment["EASYSETUP_OTHER_RELAY"] ?? ""
        return path.isEmpty ? nil : path
    }()

    static let hint: Comment =
        "scripts/fleet and the step fleet of scripts/test run it; scripts/setup --tests installs HAProxy"
}

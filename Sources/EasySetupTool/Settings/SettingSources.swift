import EasySetupSeed
import Synchronization

/// The places that gave this call the settings that no option gives. Errors about a value name its place.
enum SettingSources {
    private static let process = Mutex<[String: SettingSource]>([:])

    /// The sources by the names of the options.
    static var current: [String: SettingSource] {
        get { process.withLock { $0 } }
        set { process.withLock { $0 = newValue } }
    }

    /// Runs a check of an option's value. If the check fails and the value came from a variable or a file, the error
    /// says so.
    static func checked<Value>(_ option: String, _ check: () throws -> Value) throws -> Value {
        do {
            return try check()
        } catch let error as any ExplainedError {
            throw current[option].map { SourcedError(source: $0, error: error) } ?? error
        }
    }
}

/// An error about a value that a variable or a file gave.
struct SourcedError: ExplainedError {
    let source: SettingSource
    let error: any ExplainedError

    var name: String { error.name }
    var description: String { "\(error.description) It was set by \(source.text)." }
    var advice: String { error.advice }
    var retryHelps: Bool { error.retryHelps }
    var retryAfter: Duration { error.retryAfter }
    var cause: String? { error.cause }
}

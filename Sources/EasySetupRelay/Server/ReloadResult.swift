import Synchronization

/// Whether everything could be used at the last time that a relay read its settings and files anew.
final class ReloadResult: Sendable {
    private let value = Atomic(true)

    var isGood: Bool { value.load(ordering: .relaxed) }

    func begin() { value.store(true, ordering: .relaxed) }

    func fail() { value.store(false, ordering: .relaxed) }
}

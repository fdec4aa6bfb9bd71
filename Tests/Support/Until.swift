/// Returns once this is so. It looks every few milliseconds, for as long as the test's own time limit allows: a slow machine makes a
/// test slow, not red.
package func until(isolation: isolated (any Actor)? = #isolation, _ isSo: () async throws -> Bool) async throws {
    while try await !isSo() { try await Task.sleep(for: .milliseconds(5)) }
}

/// A person who gives no answer: returns when nobody waits for one any more.
package func noAnswer() async {
    try? await Task.sleep(for: .seconds(86_400))
}

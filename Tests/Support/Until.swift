/// Returns once the condition holds. It checks every few milliseconds, within the test's own time limit, so that a slow
/// machine makes a test slow but not fail.
package func until(isolation: isolated (any Actor)? = #isolation, _ isSo: () async throws -> Bool) async throws {
    while try await !isSo() { try await Task.sleep(for: .milliseconds(5)) }
}

/// A person who does not answer: returns when the question is cancelled.
package func noAnswer() async {
    try? await Task.sleep(for: .seconds(86_400))
}

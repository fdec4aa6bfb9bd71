/// The limits of the admin port (`Protocol/limits.md`, "The admin port"). They are few and fixed, because only the
/// operator's own programs connect to it.
struct AdminLimits: Sendable {
    /// The most connections at a time; further ones are closed at once. A scraper and a few windows need one each.
    var adminConnections = 16
    /// How long a connection may take, from its accepting to its closing: ten times what a status of a large relay takes.
    var adminTime = Duration.seconds(10)
    /// The most bytes of a request's headers.
    var adminHeaderBytes = 8 * 1024
    /// The most headers of a request.
    var adminHeaderFields = 64
    /// How often the status page's history gets a sample, and how many it has: together an hour.
    var statusInterval = Duration.seconds(30)
    var statusSamples = 120
}

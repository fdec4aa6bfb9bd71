/// The WebSocket subprotocol, which devices request and relays select. Its name contains the version of the protocol
/// (`Protocol/relay.md`, "Versions").
package enum Subprotocol {
    package static var name: String { "easysetup.v1" }
}

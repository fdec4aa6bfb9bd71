/// The WebSocket subprotocol that devices offer and relays choose: its name is the version of what they say to each other
/// (`Protocol/relay.md`, "Versions").
package enum Subprotocol {
    package static var name: String { "easysetup.v1" }
}

// SPDX-License-Identifier: BSL-1.0
// A local Clarify to test applications against, without a network and without an account.

#ifndef CLARIFY_TESTING_EMULATOR_HPP
#define CLARIFY_TESTING_EMULATOR_HPP

#include <clarify/testing/emulator_options.hpp>
#include <clarify/testing/emulator_stats.hpp>
#include <clarify/testing/reply_fault.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clarify::testing {

namespace detail {
class EmulatorCore;
}

/// One value of a signal. Clarify keeps times to the microsecond.
struct Sample {
    Sample(std::chrono::sys_time<std::chrono::microseconds> sample_time, double sample_value)
        : time(sample_time), value(sample_value) {}

    bool operator==(const Sample&) const = default;

    std::chrono::sys_time<std::chrono::microseconds> time;
    double value;
};

/** A local Clarify: token endpoint, RPC endpoint, and a store of signals, items and samples.

    It listens on 127.0.0.1 from the end of the constructor to the start of the destructor, and does
    its work on a thread of its own. The store begins empty and lives as long as the object.

    It executes all methods of API 1.1 and 1.2 by the names of both. Time zones are those of the
    machine's database. Where the documentation says nothing, it does what is plausible: the rollup of
    an item of the value type `enum` has the seconds in each state as `<id>_<state>`; an `evaluate` of
    an unknown item or variable is refused; a state lasts until the next sample, or as long as the gap
    detection of the item says, 40 days if it says nothing.

    @par Example
    @code
    clarify::testing::Emulator emulator;
    emulator.write_credentials("clarify-credentials.json");
    emulator.write_ca_certificate("emulator-ca.pem");   // for the client to trust
    @endcode

    @par Exception safety
    Functions that allocate may throw std::bad_alloc, besides what they say themselves.
    @par Thread safety
    Distinct objects: safe. Shared objects: safe, except for destruction.
*/
class Emulator {
public:
    /** Starts to listen, and returns when connections are accepted.

        @throws std::invalid_argument naming the member of `options` that is out of its range.
        @throws boost::system::system_error when the port cannot be bound.
        @throws std::runtime_error when a certificate cannot be made.
    */
    explicit Emulator(EmulatorOptions options = EmulatorOptions());

    Emulator(const Emulator&) = delete;
    Emulator& operator=(const Emulator&) = delete;

    /// Stops at once: open connections are cut, also in the middle of a response.
    ~Emulator();

    /// What the emulator was made with; `port` is as given there.
    const EmulatorOptions& options() const noexcept;

    /// The port that is listened on.
    std::uint16_t port() const noexcept;

    /// The URL of the API with a slash at its end, such as `https://127.0.0.1:40000/v1/`. Tokens
    /// are also issued for the same URL with `localhost`, which the certificate names too.
    const std::string& api_url() const noexcept;

    /// The certificate authority that a client must trust, as PEM text; empty without TLS.
    const std::string& ca_certificate_pem() const noexcept;

    /// A credentials file of type `client-credentials`, as JSON text.
    std::string credentials_json() const;

    /// A credentials file of type `basic-auth`, as JSON text.
    std::string basic_credentials_json() const;

    /** Writes `credentials_json()` to a file that only its owner may read and write.

        An existing file is replaced as a whole, and so is a link; what it leads to is left alone.
        @throws std::system_error when the file cannot be written.
    */
    void write_credentials(const std::filesystem::path& path) const;

    /** Writes `ca_certificate_pem()` to a file in the same way; `credentials_json()` is the secret one.

        @throws std::system_error when the file cannot be written.
    */
    void write_ca_certificate(const std::filesystem::path& path) const;

    /// Makes all tokens issued so far invalid.
    void revoke_tokens();

    /** Makes the token endpoint answer every request with this HTTP status and an OAuth error body.

        @par Preconditions
        `status` is from 400 to 599.
    */
    void set_token_endpoint_failure(unsigned status);

    /// Makes the token endpoint work again.
    void clear_token_endpoint_failure();

    /** Makes the RPC endpoint answer the next `count` requests with this HTTP status, unexecuted.

        It replaces what an earlier call has planned; a `count` of 0 plans nothing.
        @param retry_after The value of the header Retry-After; nullopt for none.
        @par Preconditions
        `status` is from 400 to 599.
    */
    void fail_next(
        unsigned count,
        unsigned status,
        std::optional<std::chrono::seconds> retry_after = std::nullopt);

    /** Makes the next `count` calls fail with this JSON-RPC error code.

        With -32021, a partial failure, the first half of what a call asks for is done, and is the
        partial result; with any other code nothing is. With -32001 and -32002 the error names an
        invalid resource. It replaces what an earlier call has planned; a `count` of 0 plans nothing.
        Calls of unknown and of forbidden methods do not count.
    */
    void fail_next_calls(unsigned count, int code);

    /** Executes the next `count` calls, and spoils the replies to them, results and errors.

        It replaces what an earlier call has planned; a `count` of 0 plans nothing. Notifications do
        not count, nor does what is not answered with a JSON-RPC result or error.
    */
    void spoil_next(unsigned count, ReplyFault fault);

    /// Returns the counters since the start.
    EmulatorStats stats() const;

    /** Stores samples of an input of the own integration, as an insert does.

        A signal that is missing is made, also when there are no samples.
        @return The identifier of the signal.
        @throws std::invalid_argument when the input key is not valid or a value is not finite.
        @throws std::length_error when the store is full.
    */
    std::string seed(std::string_view input, std::span<const Sample> samples = {});

    /** Publishes the signal of an input as a visible item with the same attributes.

        A signal that is missing is made; a published one is left as it is.
        @return The identifier of the item.
        @throws std::invalid_argument when the input key is not valid.
        @throws std::length_error when the store is full.
    */
    std::string publish(std::string_view input);

    /** Stores signals, items and samples that a JSON text describes, for example:

        @code{.json}
        {"items": {"flow": {"name": "Flow", "visible": true}},
         "signals": {"pump/flow": {
             "attributes": {"name": "Flow", "engUnit": "l/s"}, "item": "flow",
             "data": {"times": ["2026-01-01T00:00:00Z"], "values": [1.5]}}}}
        @endcode

        `items` has by identifier, or by any other name for a new one, what publishing takes; `signals`
        has by input key what saving takes as `attributes`. The members of a signal are optional,
        `id` among them. What is there already is changed, and the samples are added.
        @throws std::invalid_argument naming everything that is wrong, with its path; nothing is
        stored then.
        @throws std::length_error when the store is full.
    */
    void load(std::string_view text);

    /// The signals of the own integration and all items as `load` takes them, in one line of JSON.
    std::string dump() const;

    /// The identifier of an input's signal; nullopt when there is no such signal.
    std::optional<std::string> signal_id(std::string_view input) const;

    /// The identifier of the item that shows an input's signal; nullopt when there is none.
    std::optional<std::string> item_id(std::string_view input) const;

    /// The samples of an input in the order of time, those included that cannot be read yet; none
    /// when there is no such signal.
    std::vector<Sample> samples(std::string_view input) const;

    /// The number of samples of an input; 0 when there is no such signal.
    std::size_t sample_count(std::string_view input) const;

    /// The number of signals of all integrations.
    std::size_t signal_count() const;

    /// The number of items.
    std::size_t item_count() const;

private:
    std::unique_ptr<detail::EmulatorCore> core_;
};

}  // namespace clarify::testing

#include <clarify/testing/detail/emulator/impl/emulator.hpp>

#endif  // CLARIFY_TESTING_EMULATOR_HPP

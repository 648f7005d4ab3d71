// SPDX-License-Identifier: BSL-1.0
// Where samples wait: in memory, or in a file.

#ifndef CLARIFY_GATEWAY_GATEWAY_SPOOL_HPP
#define CLARIFY_GATEWAY_GATEWAY_SPOOL_HPP

#include <clarify/api/samples.hpp>
#include <clarify/core/result.hpp>
#include <clarify/credentials.hpp>
#include <clarify/ingest/sample_spool.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <utility>

namespace gateway {

struct CommandLine;

/// Any spool, chosen when the gateway starts: a model of `clarify::SampleSpool`.
class GatewaySpool {
public:
    /// Some kinds do.
    static constexpr bool blocks = true;

    // Not itself, or whether it is a spool would depend on that.
    template <class Spool>
    requires(
        !std::same_as<Spool, GatewaySpool> &&
        clarify::SampleSpool<Spool>) explicit GatewaySpool(Spool spool)
        : spool_(std::make_unique<Holder<Spool>>(std::move(spool))) {}

    clarify::Result<std::uint64_t> append(
        clarify::SampleTable& table, std::chrono::system_clock::time_point written) {
        return spool_->append(table, written);
    }
    clarify::Result<clarify::SpoolPage> read(std::uint64_t after, std::uint64_t count) {
        return spool_->read(after, count);
    }
    clarify::Result<void> remove(std::uint64_t mark) { return spool_->remove(mark); }
    clarify::Result<std::uint64_t> drop(std::uint64_t after, std::uint64_t bytes) {
        return spool_->drop(after, bytes);
    }
    clarify::SpoolState state() const { return spool_->state(); }
    bool durable() const noexcept { return spool_->durable(); }

private:
    struct Any {
        virtual ~Any() = default;
        virtual clarify::Result<std::uint64_t> append(
            clarify::SampleTable& table, std::chrono::system_clock::time_point written) = 0;
        virtual clarify::Result<clarify::SpoolPage> read(
            std::uint64_t after, std::uint64_t count) = 0;
        virtual clarify::Result<void> remove(std::uint64_t mark) = 0;
        virtual clarify::Result<std::uint64_t> drop(std::uint64_t after, std::uint64_t bytes) = 0;
        virtual clarify::SpoolState state() const = 0;
        virtual bool durable() const noexcept = 0;
    };
    template <class Spool>
    struct Holder final : Any {
        explicit Holder(Spool one) : spool(std::move(one)) {}
        clarify::Result<std::uint64_t> append(
            clarify::SampleTable& table, std::chrono::system_clock::time_point written) override {
            return spool.append(table, written);
        }
        clarify::Result<clarify::SpoolPage> read(
            std::uint64_t after, std::uint64_t count) override {
            return spool.read(after, count);
        }
        clarify::Result<void> remove(std::uint64_t mark) override { return spool.remove(mark); }
        clarify::Result<std::uint64_t> drop(std::uint64_t after, std::uint64_t bytes) override {
            return spool.drop(after, bytes);
        }
        clarify::SpoolState state() const override { return spool.state(); }
        bool durable() const noexcept override { return spool.durable(); }
        Spool spool;
    };

    std::unique_ptr<Any> spool_;
};

static_assert(clarify::SampleSpool<GatewaySpool>);

/** The spool that the command line asks for, for what `credentials` name.

    @par Errors
    Of `clarify::SqliteSpool::open`; `Errc::bad_config` where the gateway was built without SQLite.
*/
clarify::Result<GatewaySpool> open_spool(
    const CommandLine& command, const clarify::Credentials& credentials);

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_GATEWAY_SPOOL_HPP

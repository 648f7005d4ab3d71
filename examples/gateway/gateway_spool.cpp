// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/errc.hpp>
#include <clarify/core/error.hpp>
#include <clarify/ingest/memory_spool.hpp>
#if defined(CLARIFY_GATEWAY_SQLITE)
#include <clarify/ingest/sqlite_spool.hpp>
#endif

#include "command_line.hpp"
#include "gateway_spool.hpp"

#include <cstdint>
#include <utility>

namespace gateway {

clarify::Result<GatewaySpool> open_spool(
    const CommandLine& command, [[maybe_unused]] const clarify::Credentials& credentials) {
    if (command.spool.empty()) {
        constexpr std::uint64_t usual = std::uint64_t{64} << 20U;
        return GatewaySpool{clarify::MemorySpool{command.spool_size.value_or(usual)}};
    }
#if defined(CLARIFY_GATEWAY_SQLITE)
    clarify::SqliteSpoolOptions options;
    options.api_url = credentials.api_url().to_string();
    options.integration = credentials.integration();
    if (!command.outlives_power) options.durability = clarify::SpoolDurability::process;
    if (command.spool_size) options.max_bytes = *command.spool_size;
    clarify::Result<clarify::SqliteSpool> spool =
        clarify::SqliteSpool::open(command.spool, std::move(options));
    if (!spool) return spool.error();
    return GatewaySpool{std::move(*spool)};
#else
    return clarify::Error{
        clarify::Errc::bad_config,
        clarify::Reason::file,
        command.spool + ": this gateway was built without SQLite, which --spool needs"};
#endif
}

}  // namespace gateway

// SPDX-License-Identifier: BSL-1.0
// The conformance kit finds each fault of a small backend, by the case of its promise and no other.

#include <clarify/testing/check_http_backend.hpp>

#include "../support/plain_backend.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <map>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace faulty_backend_conformance_test {

namespace {

using support::PlainBackend;
using support::PlainFault;
using Names = std::vector<std::string>;

struct Row {
    PlainFault fault;
    Names broken;
};

/// Some faults break what several promises are about; each promise has a fault here.
const std::vector<Row>& rows() {
    using enum PlainFault;
    static const std::vector<Row> all{
        {none, {}},
        {decodes_path, {"request.target"}},
        {host_twice, {"request.framing"}},
        {host_without_brackets, {"request.address_6"}},
        {drops_empty_header, {"request.fields"}},
        {adds_accept_encoding, {"request.nothing_added"}},
        {empty_body_without_length, {"request.body_bytes"}},
        {keeps_cookies, {"request.no_cookie"}},
        {repeats_request, {"request.sent_once"}},
        {invents_content_type,
         {"reply.ok", "reply.reused_object", "reply.trailers", "reply.interim"}},
        {proxy_status_is_failure, {"reply.every_status"}},
        {follows_redirect, {"reply.no_redirect"}},
        {spoils_large_body, {"reply.body_bytes"}},
        {keeps_blanks, {"reply.fields"}},
        {last_field_wins, {"reply.repeated_field"}},
        {last_retry_after_wins, {"reply.repeated_retry_after"}},
        {refuses_identity, {"reply.identity"}},
        {remembers_location, {"reply.reused_object"}},
        {refuses_chunk_extension, {"reply.chunked"}},
        {keeps_trailers, {"reply.trailers"}},
        {refuses_end_by_close, {"reply.until_close"}},
        {refuses_http_10, {"reply.http_10"}},
        {keeps_interim_fields, {"reply.interim"}},
        {awaits_interim_body, {"reply.interim_body"}},
        {awaits_end_of_empty_body, {"reply.without_body"}},
        {awaits_body_of_304, {"reply.no_body"}},
        {accepts_any_status_line, {"framing.status_line"}},
        {accepts_bad_field_line, {"framing.field_line"}},
        {accepts_control_character, {"framing.control_character"}},
        {accepts_two_lengths, {"framing.lengths"}},
        {accepts_length_without_number, {"framing.length_number"}},
        {accepts_length_and_chunked, {"framing.length_and_chunked"}},
        {accepts_gzip_and_chunked, {"framing.coding"}},
        {accepts_chunks_in_http_10, {"framing.http_10_chunked"}},
        {accepts_broken_chunk, {"framing.chunk"}},
        {accepts_content_encoding, {"framing.content_encoding"}},
        {accepts_switching, {"framing.switching"}},
        {refuses_exact_length, {"limit.exact"}},
        {refuses_exact_chunks, {"limit.exact_chunked"}},
        {ignores_limit_of_length, {"limit.announced"}},
        {ignores_limit_of_chunks, {"limit.chunked"}},
        {ignores_limit_of_close, {"limit.until_close"}},
        {accepts_short_body, {"broken.length"}},
        {accepts_short_chunks, {"broken.chunk"}},
        {accepts_cut_head, {"broken.head"}},
        {silence_is_unsent, {"request.sent_once", "broken.nothing"}},
        {calls_cut_reply_connect, {"broken.code"}},
        {calls_all_stale, {"broken.stale"}},
        {overloaded_is_unknown, {"failure.overloaded"}},
        {forgets_phase_of_connecting, {"failure.phase_unsent"}},
        {forgets_phase_of_reply, {"failure.phase"}},
        {hides_cause, {"connect.refused"}},
        {knows_no_names, {"resolve.localhost", "tls.wrong_name", "tls.server_name"}},
        {unknown_name_is_connect, {"resolve.unknown"}},
        {trusts_anybody, {"tls.unknown_authority"}},
        {trusts_any_address, {"tls.wrong_host"}},
        {trusts_any_name, {"tls.wrong_name"}},
        {trusts_expired, {"tls.expired"}},
        {trusts_early, {"tls.not_yet_valid"}},
        {distrust_is_reset, {"tls.final"}},
        {handshake_is_connect, {"tls.handshake"}},
        {sends_no_name, {"tls.server_name"}},
        {sends_address_as_name, {"tls.address_is_no_name"}},
        {refuses_alerted_end, {"tls.until_close"}},
        {accepts_cut_tls, {"tls.cut"}},
        {awaits_alert, {"tls.no_alert"}},
        {skips_head_phase, {"progress.phase"}},
        {sent_too_early,
         {"connect.refused",
          "resolve.unknown",
          "tls.unknown_authority",
          "tls.wrong_host",
          "tls.expired",
          "tls.not_yet_valid",
          "tls.handshake",
          "progress.sent"}},
        {late_connect_is_io, {"deadline.connect"}},
        {late_handshake_is_io, {"deadline.tls"}},
        {late_write_is_io, {"deadline.write"}},
        {late_silence_is_io, {"deadline.first_byte"}},
        {late_reply_is_io, {"deadline.drip"}},
        {deaf_in_queue, {"cancel.queue"}},
        {deaf_in_connect, {"cancel.at_once", "cancel.connect"}},
        {deaf_in_tls, {"cancel.tls"}},
        {deaf_in_write, {"cancel.write"}},
        {deaf_in_first_byte,
         {"cancel.queue", "cancel.first_byte", "cancel.others", "close.in_flight"}},
        {deaf_in_body, {"cancel.body"}},
        {cancels_others, {"cancel.others"}},
        {hoards_connections, {"lease.kept"}},
        {keeps_dropped, {"lease.dropped"}},
        {spoils_held_response, {"lease.held"}},
        {reuses_when_fresh_is_asked, {"connection.fresh"}},
        {closed_while_idle_is_unsent, {"request.sent_once", "connection.closed_while_idle"}},
        {reads_stale_bytes, {"connection.stale_bytes"}},
        {ignores_announced_close, {"connection.announced_close"}},
        {mixes_replies, {"concurrent.own_reply"}},
        {keeps_idle_at_close, {"close.idle"}},
        {keeps_lease_after_close, {"close.in_flight"}},
        {keeps_idle_at_drain, {"drain.idle"}},
        {refuses_after_drain, {"drain.serves"}},
        {keeps_idle_at_retire, {"retire.idle"}},
        {keeps_used_at_retire, {"retire.in_use"}},
        {tells_no_opening, {"observe.events"}},
        {tells_at_the_end, {"observe.events"}},
        {leaves_idle_open, {"destroy.idle"}},
        {forgets_trust_when_moved, {"move.before_use"}},
    };
    return all;
}

clarify::testing::ConformanceReport check(PlainFault fault) {
    return clarify::testing::check_http_backend([fault](const clarify::HttpOptions& options) {
        return PlainBackend{options, fault};
    });
}

Names sorted(Names names) {
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

TEST_CASE("check_http_backend: each fault is found by the cases of its promise, and by no other") {
    // All of them take minutes, and want a machine that is not loaded.
    const char* const sweep = std::getenv("CLARIFY_SWEEP");
    const bool all = sweep != nullptr && std::string_view{sweep} == "full";
    const std::size_t count = all ? rows().size() : 1;
    // A run waits most of its time, so that some can run side by side.
    constexpr std::size_t at_once = 8;
    std::vector<clarify::testing::ConformanceReport> reports(count);
    std::atomic<std::size_t> next = 0;
    {
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i != at_once; ++i) {
            threads.emplace_back([&] {
                for (std::size_t at = next++; at < count; at = next++)
                    reports[at] = check(rows()[at].fault);
            });
        }
        for (std::thread& thread : threads)
            thread.join();
    }
    for (std::size_t i = 0; i != reports.size(); ++i) {
        std::ostringstream text;
        text << reports[i];
        CAPTURE(i);
        INFO(text.str());
        // What this machine cannot stage is not judged, and finds nothing.
        const Names unjudged = reports[i].not_judged();
        Names expected = rows()[i].broken;
        std::erase_if(expected, [&](const std::string& name) {
            return std::find(unjudged.begin(), unjudged.end(), name) != unjudged.end();
        });
        CHECK(sorted(reports[i].failed()) == sorted(expected));
    }
    // Those without a fault here: what breaks them is a case of broken_backend_conformance_test.cpp,
    // or takes the program down.
    std::set<std::string> without{
        "executor.serial", "executor.alone", "tls.trusted", "close.twice", "destroy.in_flight"};
    std::set<std::string> untested;
    for (const auto& one : reports.front().cases())
        untested.insert(one.name);
    for (const Row& row : rows()) {
        for (const std::string& name : row.broken)
            untested.erase(name);
    }
    CHECK(untested == without);
}

}  // namespace faulty_backend_conformance_test

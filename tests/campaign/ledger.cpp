// SPDX-License-Identifier: BSL-1.0
// The ledger campaign: calls that may be executed once at most, through chaos, and who kept to it.

#include "campaign.hpp"
#include "judge.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using campaign::Settings;

constexpr const char* help =
    R"(Usage: clarify_campaign [option...]

Makes calls that must not be executed twice, through a proxy that cuts, resets, delays and swallows,
to a server that fails at random and books what it executes. Then compares what the caller was told
with what happened. Exits with 1 if the library broke a promise; what others do is only shown.

  --calls N         calls that are not idempotent (100000); a tenth as many idempotent ones follow
  --seed N          of all faults (1)
  --concurrency N   calls in flight (64)
  --connections N   connections of the client (32)
  --deadline-ms N   of each call (400)
  --late-ms N       an outcome is late so long after its deadline, the machine's worst stall on top
                    (50)
  --rival NAME      curl: with libcurl too, once with repetition and once without (default); none
  --help            this text
)";

struct Options {
    Settings settings;
    bool curl = true;
};

Options parse(int argc, char** argv) {
    Options out;
    for (int i = 1; i != argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--help") {
            std::fputs(help, stdout);
            std::exit(0);
        }
        if (++i == argc) throw std::invalid_argument{"a value is missing; try --help"};
        const std::string value = argv[i];
        if (name == "--rival") {
            if (value != "curl" && value != "none")
                throw std::invalid_argument{"there is no rival " + value};
            out.curl = value == "curl";
            continue;
        }
        const unsigned long long number = std::stoull(value);
        const auto small = static_cast<unsigned>(number);
        if (name == "--calls") {
            out.settings.calls = small;
        } else if (name == "--seed") {
            out.settings.seed = number;
        } else if (name == "--concurrency") {
            out.settings.concurrency = small;
        } else if (name == "--connections") {
            out.settings.connections = small;
        } else if (name == "--deadline-ms") {
            out.settings.deadline = std::chrono::milliseconds{small};
        } else if (name == "--late-ms") {
            out.settings.late = std::chrono::milliseconds{small};
        } else {
            throw std::invalid_argument{"unknown option " + std::string{name} + "; try --help"};
        }
    }
    if (out.settings.calls < 100) throw std::invalid_argument{"--calls is less than 100"};
    return out;
}

/// One run from a clean start to its verdict.
template <class Run>
campaign::Verdict run(const std::string& name, const Settings& settings, Run make_calls) {
    std::fprintf(stderr, "%s: %u calls\n", name.c_str(), settings.calls);
    campaign::Lab lab{settings};
    campaign::Verdict verdict;
    verdict.name = name;
    verdict.settings = settings;
    const int files = campaign::descriptors();
    const int tasks = campaign::threads();
    {
        campaign::Diary diary{settings};
        const auto begun = campaign::Clock::now();
        make_calls(settings, lab.ledger(), diary);
        verdict.seconds = std::chrono::duration<double>(campaign::Clock::now() - begun).count();
        diary.stop();
        verdict.extra_descriptors = campaign::descriptors() - files;
        verdict.extra_threads = campaign::threads() - tasks;
        verdict.settled = lab.settle();
        judge(diary, lab.ledger(), verdict);
    }
    return verdict;
}

}  // namespace

int main(int argc, char** argv) try {
    const Options options = parse(argc, argv);
    std::vector<campaign::Verdict> verdicts;
    verdicts.push_back(run("clarify", options.settings, campaign::run_clarify));

    Settings idempotent = options.settings;
    idempotent.idempotent = true;
    idempotent.calls = options.settings.calls / 10;
    verdicts.push_back(run("clarify, idempotent", idempotent, campaign::run_clarify));

    bool kept = true;
    for (const campaign::Verdict& verdict : verdicts)
        kept = kept && verdict.breaches() == 0;

    if (options.curl && campaign::has_curl()) {
        Settings once = options.settings;
        once.attempts = 1;
        verdicts.push_back(run("curl, 3 attempts", options.settings, campaign::run_curl));
        verdicts.push_back(run("curl, 1 attempt", once, campaign::run_curl));
    }
    campaign::print(verdicts);
    std::printf(
        "\n%s with --calls %u --seed %llu\n",
        kept ? "Kept" : "BROKEN",
        options.settings.calls,
        static_cast<unsigned long long>(options.settings.seed));
    return kept ? 0 : 1;
} catch (const std::exception& error) {
    std::fprintf(stderr, "clarify_campaign: %s\n", error.what());
    return 2;
}

import sys

try:
    from editor.cli import main
except KeyboardInterrupt:  # no handler of ours is set yet, and nothing has begun
    print("editor: Interrupted.", file=sys.stderr)
    exec("")  # as in editor.speaking: else Python may still end by the signal
    raise SystemExit(130) from None

if __name__ == "__main__":
    raise SystemExit(main())

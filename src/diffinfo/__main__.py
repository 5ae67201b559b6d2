from diffinfo.cli import main

raise SystemExit(main())
